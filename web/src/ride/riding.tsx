/** The ride: its destination and its arrival time. */
import { ArrivalCountdown } from './arrival_countdown';
import { Car } from './car_coming';
import { FromTo } from './from_to';
import { text } from './i18n';
import { placeName } from './places';
import { Share } from './share';
import type { OnMapProps } from './trip_props';

export function Riding({ store, own: { trip }, route }: OnMapProps) {
  return (
    <>
      <section class="card stack">
        <h1>{trip.dropoff === undefined ? text('riding') : text('riding_to', { place: placeName(trip.dropoff) })}</h1>
        {trip.dropoff !== undefined && (
          <ArrivalCountdown
            connection={store.connection}
            arrival={route === null ? undefined : route.at + route.route.seconds}
            leg={`${trip.trip} riding`}
            label={text('there_in')}
          />
        )}
        {trip.car !== undefined && <Car car={trip.car} />}
      </section>
      <section class="card">
        <FromTo trip={trip} />
      </section>
      <Share store={store} trip={trip.trip} />
    </>
  );
}
