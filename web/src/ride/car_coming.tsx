/** The car is on its way or waiting: its plate, its arrival time and the ride code. */
import { metersBetween } from '../map/geometry';
import type { CarView } from '../protocol/messages';
import { distance } from '../ui/formats';
import { wireText } from '../ui/i18n';
import { ArrivalCountdown } from './arrival_countdown';
import { FromTo } from './from_to';
import { text } from './i18n';
import { Share } from './share';
import type { OnMapProps } from './trip_props';

export function CarComing({ store, own: { trip, car } }: OnMapProps) {
  const here = trip.state === 'arrived';
  const away = car !== undefined && trip.pickup !== undefined && !here ? metersBetween(car, trip.pickup) : null;
  return (
    <>
      <section class="card stack">
        <div class="row spread top-aligned">
          <h1>{text(here ? 'arrived' : 'coming')}</h1>
          {away !== null && <span class="quiet small number">{text('away', { distance: distance(away) })}</span>}
        </div>
        {here ? (
          <p>{text('arrived_more')}</p>
        ) : (
          <ArrivalCountdown
            connection={store.connection}
            arrival={car?.eta_at ?? trip.eta_at}
            leg={`${trip.trip} ${trip.car?.vehicle}`}
            label={text('arrives_in')}
          />
        )}
        {trip.car !== undefined && <Car car={trip.car} />}
      </section>
      {trip.code !== undefined && <RideCode code={trip.code} />}
      <section class="card">
        <FromTo trip={trip} />
      </section>
      <Share store={store} trip={trip.trip} />
    </>
  );
}

export function Car({ car }: { car: CarView }) {
  return (
    <div class="car-facts">
      <p>
        <span class="hidden-text">{text('plate')}: </span>
        <span class="plate number">{car.plate}</span>
      </p>
      <p>
        <strong>{car.driver}</strong>
        {car.vehicle_class !== undefined && (
          <span class="quiet small">
            {wireText('class', car.vehicle_class)} · {car.vehicle}
          </span>
        )}
      </p>
    </div>
  );
}

function RideCode({ code }: { code: string }) {
  return (
    <section class="card ride-code row spread">
      <div>
        <h2>{text('ride_code')}</h2>
        <p class="small">{text('ride_code_why')}</p>
      </div>
      <p class="code number" data-code={code}>
        {code}
      </p>
    </section>
  );
}
