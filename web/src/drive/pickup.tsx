/** From the accepted offer to the start of the ride: the way to the pick-up, the wait and the ride code. */
import { useRef, useState } from 'preact/hooks';
import type { TripView } from '../protocol/messages';
import { AsyncButton } from '../ui/controls';
import { useCityTime } from '../ui/countdown';
import { duration } from '../ui/formats';
import { placeText } from '../ui/place_search';
import type { DriverStore } from './driver_store';
import { text } from './i18n';
import { NavigateLinks } from './navigate_links';
import { ReturnTrip } from './return_trip';
import { RoutePanel } from './route_panel';

function Passenger({ trip }: { trip: TripView }) {
  return (
    <>
      {trip.note && <p class="note">{text('pickup.note', { note: trip.note })}</p>}
      {trip.passenger && (
        <a class="button" href={`tel:${trip.passenger}`}>
          {text('pickup.call', { phone: trip.passenger })}
        </a>
      )}
    </>
  );
}

function Problem({ store, trip, arrived }: { store: DriverStore; trip: string; arrived: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="button plain wide" onClick={() => setOpen(true)}>
        {text('pickup.more')}
      </button>
      {open && <ReturnTrip store={store} trip={trip} arrived={arrived} onClose={() => setOpen(false)} />}
    </>
  );
}

export function ToPickup({ store }: { store: DriverStore }) {
  const trip = store.trip.value;
  const id = store.state.value.vehicle?.trip ?? '';
  return (
    <>
      {trip?.pickup !== undefined && <RoutePanel store={store} target={trip.pickup} title={text('offer.pickup')} />}
      {trip !== null && <Passenger trip={trip} />}
      <div class="actions">
        <AsyncButton kind="main" wide onPress={() => store.send({ t: 'arrived', trip: id })}>
          {text('pickup.arrived')}
        </AsyncButton>
        <Problem store={store} trip={id} arrived={false} />
      </div>
    </>
  );
}

function Since({ store, at }: { store: DriverStore; at: number }) {
  const now = useCityTime(store.connection.clock);
  return <p class="quiet number">{text('wait.since', { time: duration(now - at) })}</p>;
}

export function Waiting({ store }: { store: DriverStore }) {
  const trip = store.trip.value;
  const id = store.state.value.vehicle?.trip ?? '';
  const [code, setCode] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const start = async () => {
    try {
      await store.send({ t: 'start', trip: id, code });
    } catch (error) {
      setCode('');
      field.current?.focus();
      throw error;
    }
  };
  return (
    <>
      <div class="calm">
        <h1>{text('wait.title')}</h1>
        {trip?.arrived_at !== undefined && <Since store={store} at={trip.arrived_at} />}
        <label class="code">
          <span class="hidden-text">{text('wait.code')}</span>
          <input
            ref={field}
            value={code}
            inputMode="numeric"
            pattern="[0-9]{4}"
            autocomplete="off"
            maxLength={4}
            placeholder="0000"
            onInput={(event) => setCode(event.currentTarget.value.replace(/\D/g, '').slice(0, 4))}
          />
        </label>
        {trip !== null && <Passenger trip={trip} />}
        {trip?.dropoff !== undefined && (
          <p class="quiet">
            {text('offer.dropoff')}: {placeText(trip.dropoff)}
          </p>
        )}
        {trip?.dropoff !== undefined && <NavigateLinks place={trip.dropoff} />}
      </div>
      <div class="actions">
        <AsyncButton kind="main" wide disabled={code.length !== 4} onPress={start}>
          {text('wait.start')}
        </AsyncButton>
        <Problem store={store} trip={id} arrived={true} />
      </div>
    </>
  );
}
