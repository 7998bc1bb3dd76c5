/** The car on its way or waiting: the plate to look for, when it comes, the code to say. */

import type { CarView } from '../protocol/messages';
import { distance } from '../ui/formats';
import { named } from '../ui/words';
import { Countdown } from './countdown';
import { FromTo } from './from_to';
import { metersApart } from './glide';
import { Share } from './share';
import { text } from './text';
import type { OnMapProps } from './trip_page';

export function CarComing({ model, own: { trip, car } }: OnMapProps) {
  const here = trip.state === 'arrived';
  const away = car !== undefined && trip.pickup !== undefined && !here ? metersApart(car, trip.pickup) : null;
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
          <Countdown
            link={model.link}
            arrival={car?.eta_at ?? trip.eta_at}
            of={`${trip.trip} ${trip.car?.vehicle}`}
            label={text('arrives_in')}
          />
        )}
        {trip.car !== undefined && <Car car={trip.car} />}
      </section>
      {trip.code !== undefined && <RideCode code={trip.code} />}
      <section class="card">
        <FromTo trip={trip} />
      </section>
      <Share model={model} trip={trip.trip} />
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
            {named('class', car.vehicle_class)} · {car.vehicle}
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
