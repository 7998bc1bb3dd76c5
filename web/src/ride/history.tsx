/** The passenger's own rides, the newest first. */
import type { TripView } from '../protocol/messages';
import { AsyncButton } from '../ui/controls';
import { dayAndTime, money } from '../ui/formats';
import { commonText, wireText } from '../ui/i18n';
import { text } from './i18n';
import type { PassengerStore } from './passenger_store';
import { placeName } from './places';

export function History({ store }: { store: PassengerStore }) {
  const trips = store.newest.value;
  const state = store.list.value;
  return (
    <main class="narrow stack">
      <h1>{text('history')}</h1>
      {state === 'loading' && <p role="status">{text('loading')}</p>}
      {state === 'failed' && (
        <>
          <p class="problem" role="alert">
            {text('history_failed')}
          </p>
          <AsyncButton onPress={() => store.loadTrips()}>{commonText('action.retry')}</AsyncButton>
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
  const route = [placeName(trip.pickup), placeName(trip.dropoff)].filter((each) => each !== '').join(' → ');
  return (
    <a class="card row spread open-ride" href={`#trip=${trip.trip}`}>
      <span class="grow lines">
        <span class="quiet small number">{dayAndTime(trip.pickup_at ?? trip.requested_at)}</span>
        <span class="ellipsis">{route}</span>
        <span class="small">{wireText('trip', trip.state)}</span>
      </span>
      <strong class="number">{trip.fare === undefined ? '' : money(trip.fare.total)}</strong>
    </a>
  );
}
