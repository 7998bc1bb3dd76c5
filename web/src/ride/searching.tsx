/** Before a car is assigned: the search with its duration, or the reservation. */
import { useCityTime } from '../ui/countdown';
import { dayAndTime, duration } from '../ui/formats';
import { wireText } from '../ui/i18n';
import { FromTo } from './from_to';
import { text } from './i18n';
import type { OnMapProps } from './trip_props';

export function Searching({ store, own: { trip } }: OnMapProps) {
  const now = useCityTime(store.connection.clock);
  const offered = trip.state === 'offered';
  return (
    <section class="card stack">
      <div class="row spread">
        <h1>{text('searching')}</h1>
        <span class="radar" aria-hidden="true" />
      </div>
      {trip.pickup_at === undefined && store.connection.welcome.value !== null && (
        <p class="number" role="timer">
          {text('searching_for', { time: duration(now - trip.requested_at) })}
        </p>
      )}
      <p role="status" class="good">
        {offered && text('asking_driver')}
      </p>
      <p class="quiet small">{text('searching_how')}</p>
      {trip.pickup_at !== undefined && <p class="number">{dayAndTime(trip.pickup_at)}</p>}
      <FromTo trip={trip} />
      <OptionsText {...trip} />
    </section>
  );
}

export function Reserved({ own: { trip } }: OnMapProps) {
  return (
    <section class="card stack">
      <h1>{text('reserved')}</h1>
      {trip.pickup_at !== undefined && <p class="amount number">{dayAndTime(trip.pickup_at)}</p>}
      <p class="quiet small">{text('reserved_more')}</p>
      <FromTo trip={trip} />
      <OptionsText {...trip} />
    </section>
  );
}

function OptionsText({ vehicle_class, seats = 1, needs = [], note }: OnMapProps['own']['trip']) {
  const options = [
    wireText('class', vehicle_class),
    `${text('seats')}: ${seats}`,
    ...needs.map((each) => wireText('need', each)),
  ];
  return (
    <p class="small quiet">
      {options.join(' · ')}
      {note ? ` · “${note}”` : ''}
    </p>
  );
}
