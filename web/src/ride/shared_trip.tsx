/** A shared trip as the recipient of the link sees it: without sign-in and without actions. */
import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { Connection } from '../client/connection';
import type { CityFacts } from '../protocol/reads';
import { ConnectionBanner, Preferences } from '../ui/controls';
import { longDuration } from '../ui/formats';
import { wireText } from '../ui/i18n';
import { ArrivalCountdown } from './arrival_countdown';
import { Car } from './car_coming';
import { FromTo } from './from_to';
import { text } from './i18n';
import { MapPanel } from './map_panel';
import { readShareToken, type ShareToken } from './share_token';
import { isOpen, NO_TRIPS, type OwnTrip, reduce } from './trip_reducer';

export function SharedTrip({ city, token }: { city: CityFacts; token: string }) {
  const shared = useMemo(() => readShareToken(token), [token]);
  if (shared === null || shared.expiresAt * 1000 <= Date.now()) return <Ended reason="guest_expired" />;
  return <Subscribed city={city} token={token} shared={shared} />;
}

function useSharedTrip(token: string, shared: ShareToken) {
  const subscription = useMemo(() => {
    const trips = signal(NO_TRIPS);
    const refused = signal(false);
    const connection = new Connection({
      token,
      onMessage: (message) => {
        trips.value = reduce(trips.value, message);
      },
    });
    void connection.subscribe(`trip:${shared.trip}`).then((result) => {
      refused.value = !result.ok;
    });
    return { trips, refused, connection };
  }, [token, shared]);
  useEffect(() => () => subscription.connection.close(), [subscription]);
  return subscription;
}

function Subscribed({ city, token, shared }: { city: CityFacts; token: string; shared: ShareToken }) {
  const { trips, refused, connection } = useSharedTrip(token, shared);
  const own = trips.value.get(shared.trip);
  const reload = () => location.reload();
  if (refused.value || connection.state.value === 'signed_out') return <Ended reason="guest_expired" />;
  if (own !== undefined && !isOpen(own.trip)) return <Ended reason="guest_over" />;
  return (
    <div class="frame">
      <Top />
      <ConnectionBanner connection={connection} onSignIn={reload} onUseHere={reload} />
      {own === undefined ? (
        <main class="narrow">
          <p role="status">{text('loading')}</p>
        </main>
      ) : (
        <Trip city={city} own={own} connection={connection} until={shared.expiresAt} />
      )}
    </div>
  );
}

interface SharedProps {
  city: CityFacts;
  own: OwnTrip;
  connection: Connection;
  /** Wall time at which the link expires. */
  until: number;
}

function Trip({ city, own: { trip, car }, connection, until }: SharedProps) {
  return (
    <main class="split">
      <MapPanel
        city={city}
        content={{ pickup: trip.pickup, dropoff: trip.dropoff, car }}
        fit={`${trip.state} ${car !== undefined}`}
      />
      <div class="sheet stack">
        <section class="card stack">
          <h1>{wireText('trip', trip.state)}</h1>
          {trip.state === 'assigned' && (
            <ArrivalCountdown
              connection={connection}
              arrival={car?.eta_at ?? trip.eta_at}
              leg={`${trip.trip} ${trip.car?.vehicle}`}
              label={text('arrives_in')}
            />
          )}
          {trip.car !== undefined && <Car car={trip.car} />}
        </section>
        <section class="card">
          <FromTo trip={trip} />
        </section>
        <p class="quiet small">{text('guest_until', { time: longDuration(until - Date.now() / 1000) })}</p>
      </div>
    </main>
  );
}

function Top() {
  return (
    <header class="top">
      <span class="brand">
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span>{text('guest_title')}</span>
      </span>
      <Preferences />
    </header>
  );
}

function Ended({ reason }: { reason: 'guest_expired' | 'guest_over' }) {
  return (
    <div class="frame">
      <Top />
      <main class="narrow stack centered">
        <h1>{text(reason)}</h1>
        <p class="quiet">{text(reason === 'guest_over' ? 'guest_over_more' : 'guest_expired_more')}</p>
      </main>
    </div>
  );
}
