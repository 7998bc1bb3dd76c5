/** In the car: where it goes and when it is there. */
import { Car } from './car_coming';
import { Countdown } from './countdown';
import { FromTo } from './from_to';
import { placeName } from './places';
import { Share } from './share';
import { text } from './text';
import type { OnMapProps } from './trip_page';

export function Riding({ model, own: { trip }, known }: OnMapProps) {
  return (
    <>
      <section class="card stack">
        <h1>{trip.dropoff === undefined ? text('riding') : text('riding_to', { place: placeName(trip.dropoff) })}</h1>
        {trip.dropoff !== undefined && (
          <Countdown
            link={model.link}
            arrival={known === null ? undefined : known.at + known.way.seconds}
            of={`${trip.trip} riding`}
            label={text('there_in')}
          />
        )}
        {trip.car !== undefined && <Car car={trip.car} />}
      </section>
      <section class="card">
        <FromTo trip={trip} />
      </section>
      <Share model={model} trip={trip.trip} />
    </>
  );
}
