/** A shared ride, as somebody sees it who was sent the link: no sign-in, nothing to press. */
import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { Link, socketUrl } from '../client/connection';
import type { CityFacts } from '../protocol/reads';
import { LinkBanner, Preferences } from '../ui/controls';
import { named } from '../ui/words';
import { Car } from './car_coming';
import { Countdown } from './countdown';
import { FromTo } from './from_to';
import { lasting } from './lasting';
import { MapPanel } from './map_panel';
import { readToken, type SharedToken } from './share_token';
import { text } from './text';
import { fold, isOpen, NO_TRIPS, type OwnTrip } from './trip_reducer';

export function Guest({ city, token }: { city: CityFacts; token: string }) {
  const shared = useMemo(() => readToken(token), [token]);
  if (shared === null || shared.expiresAt * 1000 <= Date.now()) return <NoMore reason="guest_expired" />;
  return <Followed city={city} token={token} shared={shared} />;
}

function useShared(token: string, shared: SharedToken) {
  const followed = useMemo(() => {
    const trips = signal(NO_TRIPS);
    const refused = signal(false);
    const link = new Link({
      url: socketUrl(),
      token,
      onMessage: (message) => {
        trips.value = fold(trips.value, message);
      },
    });
    void link.attach(`trip:${shared.trip}`).then((settled) => {
      refused.value = !settled.ok;
    });
    return { trips, refused, link };
  }, [token, shared]);
  useEffect(() => () => followed.link.close(), [followed]);
  return followed;
}

function Followed({ city, token, shared }: { city: CityFacts; token: string; shared: SharedToken }) {
  const { trips, refused, link } = useShared(token, shared);
  const own = trips.value.get(shared.trip);
  if (refused.value || link.state.value === 'signed_out') return <NoMore reason="guest_expired" />;
  if (own !== undefined && !isOpen(own.trip)) return <NoMore reason="guest_over" />;
  return (
    <div class="frame">
      <Top />
      <LinkBanner link={link} onSignIn={() => location.reload()} onUseHere={() => location.reload()} />
      {own === undefined ? (
        <main class="narrow">
          <p role="status">{text('loading')}</p>
        </main>
      ) : (
        <Seen city={city} own={own} link={link} until={shared.expiresAt} />
      )}
    </div>
  );
}

function Seen({ city, own, link, until }: { city: CityFacts; own: OwnTrip; link: Link; until: number }) {
  const { trip, car } = own;
  return (
    <main class="split">
      <MapPanel
        city={city}
        picture={{ pickup: trip.pickup, dropoff: trip.dropoff, car }}
        fit={`${trip.state} ${car !== undefined}`}
      />
      <div class="sheet stack">
        <section class="card stack">
          <h1>{named('trip', trip.state)}</h1>
          {trip.state === 'assigned' && (
            <Countdown
              link={link}
              arrival={car?.eta_at ?? trip.eta_at}
              of={`${trip.trip} ${trip.car?.vehicle}`}
              label={text('arrives_in')}
            />
          )}
          {trip.car !== undefined && <Car car={trip.car} />}
        </section>
        <section class="card">
          <FromTo trip={trip} />
        </section>
        <p class="quiet small">{text('guest_until', { time: lasting(until - Date.now() / 1000) })}</p>
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

function NoMore({ reason }: { reason: 'guest_expired' | 'guest_over' }) {
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
