/** One's own ride: what is shown of it in each of its states. */
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { named } from '../shell/words';
import type { CityFacts } from '../wire/reads';
import { CancelRide } from './cancel_ride';
import { CarComing } from './car_coming';
import { MapPanel } from './map_panel';
import type { Model } from './model';
import { Cancelled, Unserved } from './over';
import { Paid, Pay } from './pay';
import { Riding } from './riding';
import { Reserved, Searching } from './searching';
import { text } from './text';
import { isOpen, type OwnTrip } from './trip_fold';

export interface TripProps {
  model: Model;
  city: CityFacts;
  own: OwnTrip;
}

interface TripPageProps {
  model: Model;
  city: CityFacts;
  id: string;
}

const BEFORE_RIDE = new Set(['reserved', 'matching', 'offered', 'assigned', 'arrived']);
const TO_PAY = new Set(['fare_due', 'paying', 'payment_unknown']);

export function TripPage({ model, city, id }: TripPageProps) {
  useEffect(() => {
    const known = model.trips.peek().get(id);
    if (known === undefined || isOpen(known.trip)) model.follow(id);
  }, [model, id]);
  const own = model.trips.value.get(id);
  if (own === undefined) return <Unknown listed={model.list.value !== 'loading'} />;
  const state = own.trip.state;
  return (
    <>
      <p class="hidden-text" role="status">
        {named('trip', state)}
      </p>
      <TripView model={model} city={city} own={own}>
        {BEFORE_RIDE.has(state) && <CancelRide model={model} trip={own.trip} />}
      </TripView>
    </>
  );
}

function TripView({ children, ...props }: TripProps & { children: ComponentChildren }) {
  const { state, pickup, dropoff } = props.own.trip;
  if (state === 'assigned' || state === 'arrived') return <CarComing {...props}>{children}</CarComing>;
  if (state === 'in_progress') return <Riding {...props} />;
  if (TO_PAY.has(state))
    return (
      <Alone>
        <Pay {...props} />
      </Alone>
    );
  if (state === 'cancelled')
    return (
      <Alone>
        <Cancelled {...props} />
      </Alone>
    );
  if (state === 'unserved')
    return (
      <Alone>
        <Unserved {...props} />
      </Alone>
    );
  if (!isOpen(props.own.trip))
    return (
      <Alone>
        <Paid {...props} />
      </Alone>
    );
  return (
    <main class="split">
      <MapPanel city={props.city} picture={{ pickup, dropoff }} fit={`${pickup?.lat} ${dropoff?.lat}`} />
      <div class="sheet stack">
        {state === 'reserved' ? <Reserved {...props} /> : <Searching {...props} />}
        {children}
      </div>
    </main>
  );
}

function Alone({ children }: { children: ComponentChildren }) {
  return <main class="narrow stack">{children}</main>;
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
