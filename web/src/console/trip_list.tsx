/** Waiting requests, reservations, and trips that are open or ended in the last hour. */
import { useState } from 'preact/hooks';
import type { TripView } from '../protocol/messages';
import { clockTime, duration } from '../ui/formats';
import { commonText, wireText } from '../ui/i18n';
import { useConsole } from './console_state';
import { text } from './i18n';
import { MAX_ROWS, RowButton, Rows } from './rows';
import { placeName, requirementsText } from './texts';
import { type Group, groupOf, isOverdue, waitedS } from './trip_board';

export function RequestList() {
  const { store } = useConsole();
  void store.tripsVersion.value;
  const waiting = store.trips.group('waiting');
  const reserved = store.trips.group('reserved');
  if (!store.tripsLoaded.value) return <Loading />;
  return (
    <>
      {waiting.length === 0 ? <p class="empty quiet">{text('requests.none')}</p> : <Requests trips={waiting} />}
      {reserved.length > 0 && (
        <>
          <h2 class="list-head">{text('requests.reserved')}</h2>
          <Reserved trips={reserved} />
        </>
      )}
    </>
  );
}

function Requests({ trips }: { trips: readonly TripView[] }) {
  const { store } = useConsole();
  const now = store.now.value;
  return (
    <>
      <Rows label={text('tab.requests')} heads={[text('head.waits'), text('head.from'), text('head.state')]}>
        {trips.slice(0, MAX_ROWS).map((trip) => (
          <tr key={trip.trip} class={isOverdue(trip, now) ? 'late' : ''}>
            <td class="number">
              <OpenTrip trip={trip}>{duration(waitedS(trip, now))}</OpenTrip>
            </td>
            <td>
              {placeName(trip.pickup)}
              <span class="quiet small under">{requirementsText(trip)}</span>
            </td>
            <td>
              {text(trip.state === 'offered' ? 'requests.offered' : 'requests.matching')}
              {isOverdue(trip, now) && <span class="hidden-text">, {text('requests.late')}</span>}
            </td>
          </tr>
        ))}
      </Rows>
      <More all={trips.length} />
    </>
  );
}

function Reserved({ trips }: { trips: readonly TripView[] }) {
  return (
    <Rows label={text('requests.reserved')} heads={[text('head.at'), text('head.from'), text('head.to')]}>
      {trips.slice(0, MAX_ROWS).map((trip) => (
        <tr key={trip.trip}>
          <td class="number">
            <OpenTrip trip={trip}>{clockTime(trip.pickup_at ?? trip.requested_at)}</OpenTrip>
          </td>
          <td>
            {placeName(trip.pickup)}
            <span class="quiet small under">{requirementsText(trip)}</span>
          </td>
          <td>{placeName(trip.dropoff)}</td>
        </tr>
      ))}
    </Rows>
  );
}

export function TripList() {
  const { store } = useConsole();
  const [group, setGroup] = useState<Group>('open');
  void store.tripsVersion.value;
  if (!store.tripsLoaded.value) return <Loading />;
  const trips = store.trips.group(group);
  return (
    <>
      <div class="filters">
        <label>
          <span class="hidden-text">{text('trips.which')}</span>
          <select value={group} onChange={(event) => setGroup(event.currentTarget.value as Group)}>
            <option value="open">{text('trips.open')}</option>
            <option value="ended">{text('trips.ended')}</option>
          </select>
        </label>
      </div>
      {trips.length === 0 ? (
        <p class="empty quiet">{text('trips.none')}</p>
      ) : (
        <Rows label={text('tab.trips')} heads={[text('head.since'), text('head.from_to'), text('head.state')]}>
          {trips.slice(0, MAX_ROWS).map((trip) => (
            <TripRow key={trip.trip} trip={trip} />
          ))}
        </Rows>
      )}
      <More all={trips.length} />
    </>
  );
}

function TripRow({ trip }: { trip: TripView }) {
  return (
    <tr>
      <td class="number">
        <OpenTrip trip={trip}>{clockTime(trip.requested_at)}</OpenTrip>
      </td>
      <td>
        {placeName(trip.pickup)}
        {trip.dropoff !== undefined && <span class="quiet small under">→ {placeName(trip.dropoff)}</span>}
      </td>
      <td>
        {wireText('trip', trip.state)}
        {trip.car !== undefined && <span class="quiet small under">{trip.car.plate}</span>}
      </td>
    </tr>
  );
}

function OpenTrip({ trip, children }: { trip: TripView; children: string }) {
  const consoleState = useConsole();
  return (
    <RowButton
      chosen={consoleState.store.chosen.value?.id === trip.trip}
      open={() => consoleState.choose({ kind: 'trip', id: trip.trip })}
    >
      {children}
      <span class="hidden-text">
        {groupOf(trip) === 'waiting' ? text('requests.open', { from: placeName(trip.pickup) }) : text('trips.show')}
      </span>
    </RowButton>
  );
}

export function Loading() {
  return (
    <p class="empty quiet" aria-busy="true">
      {commonText('loading')}
    </p>
  );
}

export function More({ all }: { all: number }) {
  return all > MAX_ROWS ? <p class="empty quiet small">{text('list.more', { shown: MAX_ROWS, all })}</p> : null;
}
