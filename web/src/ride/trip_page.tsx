/** One's own ride: what is shown of it in each of its states. The map stays the same from the search to the end. */
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { CityFacts } from '../protocol/reads';
import { named } from '../ui/words';
import { CancelRide } from './cancel_ride';
import { CarComing } from './car_coming';
import { metersApart } from './glide';
import { MapPanel } from './map_panel';
import type { Model } from './passenger_store';
import { Paid, Pay } from './pay';
import { Riding } from './riding';
import { Reserved, Searching } from './searching';
import { text } from './text';
import { type KnownWay, useWay } from './ticking';
import { Cancelled, Unserved } from './trip_ended';
import { isOpen, type OwnTrip } from './trip_reducer';

export interface TripProps {
  model: Model;
  city: CityFacts;
  own: OwnTrip;
}

export interface OnMapProps extends TripProps {
  /** The way that the car has before it. */
  known: KnownWay | null;
}

const SHEETS: Record<string, (props: OnMapProps) => ComponentChildren> = {
  reserved: Reserved,
  matching: Searching,
  offered: Searching,
  assigned: CarComing,
  arrived: CarComing,
  in_progress: Riding,
};
const TO_PAY = new Set(['fare_due', 'paying', 'payment_unknown']);

export function TripPage({ model, city, id }: { model: Model; city: CityFacts; id: string }) {
  useEffect(() => {
    const known = model.trips.peek().get(id);
    if (known === undefined || isOpen(known.trip)) model.follow(id);
  }, [model, id]);
  const own = model.trips.value.get(id);
  if (own === undefined) return <Unknown listed={model.list.value !== 'loading'} />;
  const { state } = own.trip;
  return (
    <>
      <p class="hidden-text" role="status">
        {named('trip', state)}
      </p>
      {state in SHEETS ? (
        <OnMap model={model} city={city} own={own} />
      ) : (
        <main class="narrow stack">
          <Ended model={model} city={city} own={own} />
        </main>
      )}
    </>
  );
}

function OnMap(props: TripProps) {
  const { trip, car } = props.own;
  const { pickup, dropoff, state } = trip;
  const riding = state === 'in_progress';
  const known = useWay(props.model, ...legOf(props.own));
  const away = car !== undefined && pickup !== undefined && !riding ? metersApart(car, pickup) : 0;
  const Sheet = SHEETS[state] ?? Searching;
  // The picture is made to fit anew whenever the car has come half as near.
  const nearness = Math.round(Math.log2(Math.max(200, away)));
  const shown = state === 'assigned' || state === 'arrived' ? { pickup, car } : { pickup, dropoff, car };
  return (
    <main class="split">
      <MapPanel
        city={props.city}
        picture={{ ...shown, line: known?.way.points }}
        fit={`${state} ${car !== undefined} ${nearness}`}
      />
      <div class="sheet stack">
        <Sheet {...props} known={known} />
        {!riding && <CancelRide model={props.model} trip={trip} />}
      </div>
    </main>
  );
}

/** What the car drives next: to the pick-up, then to the destination. */
function legOf({ trip, car }: OwnTrip) {
  if (trip.state === 'assigned') return [car, trip.pickup] as const;
  return trip.state === 'in_progress'
    ? ([car ?? trip.pickup, trip.dropoff] as const)
    : ([undefined, undefined] as const);
}

function Ended(props: TripProps) {
  const { state } = props.own.trip;
  if (TO_PAY.has(state)) return <Pay {...props} />;
  if (state === 'cancelled') return <Cancelled {...props} />;
  return state === 'unserved' ? <Unserved {...props} /> : <Paid {...props} />;
}

function Unknown({ listed }: { listed: boolean }) {
  return (
    <main class="narrow stack">
      <p role="status">{text(listed ? 'unknown_trip' : 'loading')}</p>
      <a class="button" href="#book">
        {text('book_new')}
      </a>
    </main>
  );
}
