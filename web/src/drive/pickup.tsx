/** From the accept to the passenger: drive there, wait, and type the code that the passenger says. */
import { useRef, useState } from 'preact/hooks';
import type { TripView } from '../protocol/messages';
import { Action } from '../ui/controls';
import { span } from '../ui/formats';
import type { Cab } from './driver_store';
import { NavigateLinks, placeName } from './navigate_links';
import { GiveBack } from './return_trip';
import { WayPanel } from './route_panel';
import { text } from './texts';
import { useTicking } from './ticking';

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

function Problem({ cab, trip, arrived }: { cab: Cab; trip: string; arrived: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="button plain wide" onClick={() => setOpen(true)}>
        {text('pickup.more')}
      </button>
      {open && <GiveBack cab={cab} trip={trip} arrived={arrived} onClose={() => setOpen(false)} />}
    </>
  );
}

export function ToPickup({ cab }: { cab: Cab }) {
  const trip = cab.trip.value;
  const id = cab.duty.value.vehicle?.trip ?? '';
  return (
    <>
      {trip?.pickup !== undefined && <WayPanel cab={cab} target={trip.pickup} title={text('offer.pickup')} />}
      {trip !== null && <Passenger trip={trip} />}
      <div class="actions">
        <Action kind="main" wide act={() => cab.give({ t: 'arrived', trip: id })}>
          {text('pickup.arrived')}
        </Action>
        <Problem cab={cab} trip={id} arrived={false} />
      </div>
    </>
  );
}

function Since({ cab, at }: { cab: Cab; at: number }) {
  useTicking(500);
  return <p class="quiet number">{text('wait.since', { time: span(cab.link.clock.now() - at) })}</p>;
}

export function Waiting({ cab }: { cab: Cab }) {
  const trip = cab.trip.value;
  const id = cab.duty.value.vehicle?.trip ?? '';
  const [code, setCode] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const start = async () => {
    try {
      await cab.give({ t: 'start', trip: id, code });
    } catch (refused) {
      setCode('');
      field.current?.focus();
      throw refused;
    }
  };
  return (
    <>
      <div class="calm">
        <h1>{text('wait.title')}</h1>
        {trip?.arrived_at !== undefined && <Since cab={cab} at={trip.arrived_at} />}
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
            {text('offer.dropoff')}: {placeName(trip.dropoff)}
          </p>
        )}
        {trip?.dropoff !== undefined && <NavigateLinks place={trip.dropoff} />}
      </div>
      <div class="actions">
        <Action kind="main" wide disabled={code.length !== 4} act={start}>
          {text('wait.start')}
        </Action>
        <Problem cab={cab} trip={id} arrived={true} />
      </div>
    </>
  );
}
