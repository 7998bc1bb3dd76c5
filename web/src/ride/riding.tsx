/** In the car: where it goes and when it is there. */
import type { Place } from '../wire/messages';
import { Car } from './car_coming';
import { Countdown } from './countdown';
import { FromTo } from './ends';
import { MapPanel } from './map_panel';
import { placeName } from './places';
import { Share } from './share';
import { text } from './text';
import { useWay } from './ticking';
import type { TripProps } from './trip_page';

export function Riding({ model, city, own }: TripProps) {
  const { trip, car } = own;
  const start: Place | undefined = car ?? trip.pickup;
  const known = useWay(model, start, trip.dropoff);
  return (
    <main class="split">
      <MapPanel
        city={city}
        picture={{ pickup: trip.pickup, dropoff: trip.dropoff, car, line: known?.way.points }}
        fit={`riding ${car !== undefined}`}
      />
      <div class="sheet stack">
        <section class="card stack">
          <h1>{trip.dropoff === undefined ? text('riding') : text('riding_to', { place: placeName(trip.dropoff) })}</h1>
          {trip.dropoff !== undefined && (
            <Countdown
              clock={model.link.clock}
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
        <div class="thumb stack">
          <Share model={model} trip={trip.trip} />
        </div>
      </div>
    </main>
  );
}
