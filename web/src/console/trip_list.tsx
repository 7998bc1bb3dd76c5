/** Requests that wait, and trips that are open or ended within the hour. */
import { useState } from 'preact/hooks';
import type { TripView } from '../protocol/messages';
import { clockTime, span } from '../ui/formats';
import { named } from '../ui/words';
import { useWorkplace } from './console_state';
import { RowButton, Rows, SHOWN } from './rows';
import { text } from './texts';
import { type Group, groupOf, isOverdue, waitedS } from './trip_board';
import { placeWords, wants } from './trip_texts';

export function RequestList() {
  const { desk } = useWorkplace();
  void desk.tripsTurn.value;
  const waiting = desk.trips.group('waiting');
  const reserved = desk.trips.group('reserved');
  if (!desk.tripsKnown.value) return <Loading />;
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
  const { desk } = useWorkplace();
  const now = desk.now.value;
  return (
    <>
      <Rows label={text('tab.requests')} heads={[text('head.waits'), text('head.from'), text('head.state')]}>
        {trips.slice(0, SHOWN).map((trip) => (
          <tr key={trip.trip} class={isOverdue(trip, now) ? 'late' : ''}>
            <td class="number">
              <OpenTrip trip={trip}>{span(waitedS(trip, now))}</OpenTrip>
            </td>
            <td>
              {placeWords(trip.pickup)}
              <span class="quiet small under">{wants(trip)}</span>
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
      {trips.slice(0, SHOWN).map((trip) => (
        <tr key={trip.trip}>
          <td class="number">
            <OpenTrip trip={trip}>{clockTime(trip.pickup_at ?? trip.requested_at)}</OpenTrip>
          </td>
          <td>
            {placeWords(trip.pickup)}
            <span class="quiet small under">{wants(trip)}</span>
          </td>
          <td>{placeWords(trip.dropoff)}</td>
        </tr>
      ))}
    </Rows>
  );
}

export function TripList() {
  const { desk } = useWorkplace();
  const [group, setGroup] = useState<Group>('open');
  void desk.tripsTurn.value;
  if (!desk.tripsKnown.value) return <Loading />;
  const trips = desk.trips.group(group);
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
          {trips.slice(0, SHOWN).map((trip) => (
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
        {placeWords(trip.pickup)}
        {trip.dropoff !== undefined && <span class="quiet small under">→ {placeWords(trip.dropoff)}</span>}
      </td>
      <td>
        {named('trip', trip.state)}
        {trip.car !== undefined && <span class="quiet small under">{trip.car.plate}</span>}
      </td>
    </tr>
  );
}

function OpenTrip({ trip, children }: { trip: TripView; children: string }) {
  const workplace = useWorkplace();
  return (
    <RowButton
      chosen={workplace.desk.chosen.value?.id === trip.trip}
      open={() => workplace.choose({ kind: 'trip', id: trip.trip })}
    >
      {children}
      <span class="hidden-text">
        {groupOf(trip) === 'waiting' ? text('requests.open', { from: placeWords(trip.pickup) }) : text('trips.show')}
      </span>
    </RowButton>
  );
}

export function Loading() {
  return (
    <p class="empty quiet" aria-busy="true">
      {text('loading')}
    </p>
  );
}

export function More({ all }: { all: number }) {
  return all > SHOWN ? <p class="empty quiet small">{text('list.more', { shown: SHOWN, all })}</p> : null;
}
