/** Where from, where to, when, and with what: the ride that is asked for. */
import { useState } from 'preact/hooks';
import type { CityFacts } from '../protocol/reads';
import { Action } from '../ui/controls';
import { dayAndTime } from '../ui/formats';
import { complaint, named } from '../ui/words';
import * as draft from './draft';
import { Estimated } from './estimate';
import { MapPanel } from './map_panel';
import { go } from './navigation';
import type { Model } from './passenger_store';
import { PlaceField } from './place_field';
import { PlaceProblem, placeAt, placeName, whereThePhoneIs } from './places';
import { When, Wishes } from './ride_options';
import { text } from './text';
import { isOpen } from './trip_reducer';

interface BookProps {
  model: Model;
  city: CityFacts;
  token: string;
}

export function Book({ model, city, token }: BookProps) {
  const end = draft.aimed.value;
  const aimed = draft.endSignal(end);
  const moved = async (lat: number, lng: number) => {
    const point = { lat, lng, text: text('point_on_map') };
    aimed.value = point;
    const named = await placeAt(lat, lng, token);
    if (aimed.value === point) aimed.value = named;
  };
  const [pickup, dropoff] = [draft.pickup.value, draft.dropoff.value];
  const order = async () => {
    const wishes = draft.wishes();
    if (wishes === null) return;
    const trip = await model.request(wishes);
    draft.startAnew();
    go(`#trip=${trip}`);
  };
  return (
    <main class="split">
      <MapPanel
        city={city}
        picture={{ pickup: pickup ?? undefined, dropoff: dropoff ?? undefined }}
        aim={{ end, at: aimed.value ?? undefined, onMoved: moved }}
      />
      <div class="sheet stack">
        <h1 class="hidden-text">{text('book_new')}</h1>
        <OpenRides model={model} />
        <Ends city={city} token={token} />
        <When link={model.link} />
        <Wishes />
        <Estimated model={model} />
        <div class="thumb stack">
          {pickup === null && <p class="quiet small">{text('need_pickup')}</p>}
          <Action kind="main" wide act={order} disabled={pickup === null}>
            {draft.at.value === null ? text('order') : `${text('reserve')} · ${dayAndTime(draft.at.value)}`}
          </Action>
        </div>
      </div>
    </main>
  );
}

function Ends({ city, token }: { city: CityFacts; token: string }) {
  const [problem, setProblem] = useState<string | null>(null);
  const [locating, setLocating] = useState(false);
  const near: [number, number] =
    draft.pickup.value === null ? city.center : [draft.pickup.value.lat, draft.pickup.value.lng];
  const locate = async () => {
    setLocating(true);
    setProblem(null);
    try {
      draft.pickup.value = await whereThePhoneIs(city, token);
      draft.aimed.value = 'pickup';
    } catch (error) {
      setProblem(error instanceof PlaceProblem ? error.message : complaint(error));
    }
    setLocating(false);
  };
  return (
    <section class="card stack ends">
      <PlaceField
        label={text('where_from')}
        place={draft.pickup.value}
        near={near}
        token={token}
        onFocus={() => {
          draft.aimed.value = 'pickup';
        }}
        onChoose={(place) => {
          draft.pickup.value = place;
        }}
      >
        <button
          type="button"
          class="button plain"
          aria-label={text('use_location')}
          title={text('use_location')}
          aria-busy={locating}
          disabled={locating}
          onClick={locate}
        >
          <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" class="line-icon">
            <circle cx="12" cy="12" r="6" />
            <circle cx="12" cy="12" r="1.5" />
            <path d="M12 2v4M12 18v4M2 12h4M18 12h4" />
          </svg>
        </button>
      </PlaceField>
      <PlaceField
        label={text('where_to')}
        place={draft.dropoff.value}
        near={near}
        token={token}
        onFocus={() => {
          draft.aimed.value = 'dropoff';
        }}
        onChoose={(place) => {
          draft.dropoff.value = place;
        }}
      />
      {problem !== null && (
        <p class="problem small" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}

/** Rides that go on already, reservations among them. */
function OpenRides({ model }: { model: Model }) {
  const open = model.newest.value.filter(isOpen);
  if (open.length === 0) return null;
  return (
    <section class="stack" aria-label={text('open_rides')}>
      {open.map((trip) => (
        <a key={trip.trip} class="card row spread open-ride" href={`#trip=${trip.trip}`}>
          <span class="grow lines">
            <strong>{named('trip', trip.state)}</strong>
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
