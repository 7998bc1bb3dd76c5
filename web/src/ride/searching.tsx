/** Before there is a car: the search and its age, the reservation. */
import { dayAndTime, span } from '../ui/formats';
import { named } from '../ui/words';
import { FromTo } from './from_to';
import { text } from './text';
import { useTicks } from './ticking';
import type { OnMapProps } from './trip_page';

export function Searching({ model, own: { trip } }: OnMapProps) {
  useTicks(500);
  const now = model.link.clock.now();
  const offered = trip.state === 'offered';
  return (
    <section class="card stack">
      <div class="row spread">
        <h1>{text('searching')}</h1>
        <span class="radar" aria-hidden="true" />
      </div>
      {trip.pickup_at === undefined && model.link.welcome.value !== null && (
        <p class="number" role="timer">
          {text('searching_for', { time: span(now - trip.requested_at) })}
        </p>
      )}
      <p role="status" class="good">
        {offered && text('asking_driver')}
      </p>
      <p class="quiet small">{text('searching_how')}</p>
      {trip.pickup_at !== undefined && <p class="number">{dayAndTime(trip.pickup_at)}</p>}
      <FromTo trip={trip} />
      <WishesSaid {...trip} />
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
      <WishesSaid {...trip} />
    </section>
  );
}

function WishesSaid({ vehicle_class, seats = 1, needs = [], note }: OnMapProps['own']['trip']) {
  const said = [
    named('class', vehicle_class),
    `${text('seats')}: ${seats}`,
    ...needs.map((each) => named('need', each)),
  ];
  return (
    <p class="small quiet">
      {said.join(' · ')}
      {note ? ` · “${note}”` : ''}
    </p>
  );
}
