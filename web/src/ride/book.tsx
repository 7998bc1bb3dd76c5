/** The booking form: pick-up, destination, time and options. */
import type { CityFacts } from '../protocol/reads';
import { AsyncButton, ErrorNote, useAttempt } from '../ui/controls';
import { dayAndTime } from '../ui/formats';
import { commonText, wireText } from '../ui/i18n';
import { PlaceSearch } from '../ui/place_search';
import * as draft from './draft';
import { EstimateCard } from './estimate';
import { text } from './i18n';
import { MapPanel } from './map_panel';
import { go } from './navigation';
import type { PassengerStore } from './passenger_store';
import { currentPlace, placeAt, placeName } from './places';
import { RideOptions, When } from './ride_options';
import { isOpen } from './trip_reducer';

export function Book({ store, city }: { store: PassengerStore; city: CityFacts }) {
  const end = draft.pinEnd.value;
  const pinned = draft.endSignal(end);
  const onMoved = async (lat: number, lng: number) => {
    const point = { lat, lng, text: commonText('place.point') };
    pinned.value = point;
    const place = await placeAt(lat, lng, store.token);
    if (pinned.value === point) pinned.value = place;
  };
  const [pickup, dropoff] = [draft.pickup.value, draft.dropoff.value];
  const order = async () => {
    const ride = draft.rideRequest();
    if (ride === null) return;
    const trip = await store.request(ride);
    draft.reset();
    go(`#trip=${trip}`);
  };
  return (
    <main class="split">
      <MapPanel
        city={city}
        content={{ pickup: pickup ?? undefined, dropoff: dropoff ?? undefined }}
        pin={{ end, at: pinned.value ?? undefined, onMoved }}
      />
      <div class="sheet stack">
        <h1 class="hidden-text">{text('book_new')}</h1>
        <OpenRides store={store} />
        <Ends city={city} token={store.token} />
        <When connection={store.connection} />
        <RideOptions />
        <EstimateCard connection={store.connection} />
        <div class="thumb stack">
          {pickup === null && <p class="quiet small">{text('need_pickup')}</p>}
          <AsyncButton kind="main" wide onPress={order} disabled={pickup === null}>
            {draft.at.value === null ? text('order') : `${text('reserve')} · ${dayAndTime(draft.at.value)}`}
          </AsyncButton>
        </div>
      </div>
    </main>
  );
}

function Ends({ city, token }: { city: CityFacts; token: string }) {
  const { busy, error, attempt } = useAttempt();
  const from = draft.pickup.value;
  const near: [number, number] = from === null ? city.center : [from.lat, from.lng];
  const locate = () =>
    attempt(async () => {
      draft.pickup.value = await currentPlace(city, token);
      draft.pinEnd.value = 'pickup';
    });
  const field = (end: draft.End) => ({
    place: draft.endSignal(end).value,
    near,
    token,
    onFocus: () => {
      draft.pinEnd.value = end;
    },
    onPlace: (place: typeof from) => {
      draft.endSignal(end).value = place;
    },
  });
  return (
    <section class="card stack ends">
      <PlaceSearch label={text('where_from')} {...field('pickup')}>
        <button
          type="button"
          class="button plain"
          aria-label={text('use_location')}
          title={text('use_location')}
          aria-busy={busy}
          disabled={busy}
          onClick={locate}
        >
          <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" class="line-icon">
            <circle cx="12" cy="12" r="6" />
            <circle cx="12" cy="12" r="1.5" />
            <path d="M12 2v4M12 18v4M2 12h4M18 12h4" />
          </svg>
        </button>
      </PlaceSearch>
      <PlaceSearch label={text('where_to')} {...field('dropoff')} />
      <ErrorNote error={error} />
    </section>
  );
}

/** Rides and reservations that have not ended. */
function OpenRides({ store }: { store: PassengerStore }) {
  const open = store.newest.value.filter(isOpen);
  if (open.length === 0) return null;
  return (
    <section class="stack" aria-label={text('open_rides')}>
      {open.map((trip) => (
        <a key={trip.trip} class="card row spread open-ride" href={`#trip=${trip.trip}`}>
          <span class="grow lines">
            <strong>{wireText('trip', trip.state)}</strong>
            <span class="quiet small ellipsis">
              {trip.pickup_at !== undefined && trip.state === 'reserved' ? `${dayAndTime(trip.pickup_at)} · ` : ''}
              {placeName(trip.pickup)}
            </span>
          </span>
          <span aria-hidden="true">›</span>
        </a>
      ))}
    </section>
  );
}
