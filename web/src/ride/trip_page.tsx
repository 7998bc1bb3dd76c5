/** One trip, with the content for each of its states. The map stays mounted from the search to the end of the ride. */
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { metersBetween } from '../map/geometry';
import type { CityFacts } from '../protocol/reads';
import { wireText } from '../ui/i18n';
import { CancelRide } from './cancel_ride';
import { CarComing } from './car_coming';
import { text } from './i18n';
import { MapPanel } from './map_panel';
import type { PassengerStore } from './passenger_store';
import { Paid, Pay } from './pay';
import { Riding } from './riding';
import { Reserved, Searching } from './searching';
import { Cancelled, Unserved } from './trip_ended';
import type { OnMapProps, TripProps } from './trip_props';
import { isOpen, type OwnTrip } from './trip_reducer';
import { useRoute } from './use_route';

const SHEETS: Record<string, (props: OnMapProps) => ComponentChildren> = {
  reserved: Reserved,
  matching: Searching,
  offered: Searching,
  assigned: CarComing,
  arrived: CarComing,
  in_progress: Riding,
};
const TO_PAY = new Set(['fare_due', 'paying', 'payment_unknown']);

export function TripPage({ store, city, id }: { store: PassengerStore; city: CityFacts; id: string }) {
  useEffect(() => {
    const known = store.trips.peek().get(id);
    if (known === undefined || isOpen(known.trip)) store.subscribe(id);
  }, [store, id]);
  const own = store.trips.value.get(id);
  if (own === undefined) return <Unknown listed={store.list.value !== 'loading'} />;
  const { state } = own.trip;
  return (
    <>
      <p class="hidden-text" role="status">
        {wireText('trip', state)}
      </p>
      {state in SHEETS ? (
        <OnMap store={store} city={city} own={own} />
      ) : (
        <main class="narrow stack">
          <Ended store={store} city={city} own={own} />
        </main>
      )}
    </>
  );
}

function OnMap(props: TripProps) {
  const { trip, car } = props.own;
  const { pickup, dropoff, state } = trip;
  const riding = state === 'in_progress';
  const route = useRoute(props.store, ...legOf(props.own));
  const away = car !== undefined && pickup !== undefined && !riding ? metersBetween(car, pickup) : 0;
  const Sheet = SHEETS[state] ?? Searching;
  // The map is fitted again each time the distance of the car has halved.
  const nearness = Math.round(Math.log2(Math.max(200, away)));
  const content = state === 'assigned' || state === 'arrived' ? { pickup, car } : { pickup, dropoff, car };
  return (
    <main class="split">
      <MapPanel
        city={props.city}
        content={{ ...content, route: route?.route.points }}
        fit={`${state} ${car !== undefined} ${nearness}`}
      />
      <div class="sheet stack">
        <Sheet {...props} route={route} />
        {!riding && <CancelRide connection={props.store.connection} trip={trip} />}
      </div>
    </main>
  );
}

/** Start and end of the leg that the car drives: to the pick-up, then to the destination. */
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
