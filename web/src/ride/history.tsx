/** One's own rides, the newest first. */

import type { TripView } from '../protocol/messages';
import { Action } from '../ui/controls';
import { dayAndTime, money } from '../ui/formats';
import { named, word } from '../ui/words';
import type { Model } from './passenger_store';
import { placeName } from './places';
import { text } from './text';

export function History({ model }: { model: Model }) {
  const trips = model.newest.value;
  const state = model.list.value;
  return (
    <main class="narrow stack">
      <h1>{text('history')}</h1>
      {state === 'loading' && <p role="status">{text('loading')}</p>}
      {state === 'failed' && (
        <>
          <p class="problem" role="alert">
            {text('history_failed')}
          </p>
          <Action act={() => model.readTrips()}>{word('action.retry')}</Action>
        </>
      )}
      {state === 'ready' && trips.length === 0 && <p class="quiet">{text('history_empty')}</p>}
      <ul class="plain-list stack">
        {trips.map((trip) => (
          <li key={trip.trip}>
            <Line trip={trip} />
          </li>
        ))}
      </ul>
      <a class="button main wide" href="#book">
        {text('book_new')}
      </a>
    </main>
  );
}

function Line({ trip }: { trip: TripView }) {
  const way = [placeName(trip.pickup), placeName(trip.dropoff)].filter((each) => each !== '').join(' → ');
  return (
    <a class="card row spread open-ride" href={`#trip=${trip.trip}`}>
      <span class="grow lines">
        <span class="quiet small number">{dayAndTime(trip.pickup_at ?? trip.requested_at)}</span>
        <span class="ellipsis">{way}</span>
        <span class="small">{named('trip', trip.state)}</span>
      </span>
      <strong class="number">{trip.fare === undefined ? '' : money(trip.fare.total)}</strong>
    </a>
  );
}
