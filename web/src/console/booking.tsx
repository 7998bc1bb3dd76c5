/** A booking by phone: the caller's number, places, time, requirements, and the estimated fare. */
import { useEffect, useState } from 'preact/hooks';
import { estimate } from '../client/command_result';
import { CLASSES, MAX_SEATS, NEEDS, type Need, type VehicleClass } from '../client/ride_choices';
import type { Place } from '../protocol/messages';
import { fromLocalText, toLocalText } from '../ui/city_time';
import { ErrorNote, Field, showToast, useAttempt } from '../ui/controls';
import { FareTable } from '../ui/fare';
import { cityZone, dayAndTime, distance, minutes } from '../ui/formats';
import { wireText } from '../ui/i18n';
import { PlaceSearch } from '../ui/place_search';
import { useLoaded } from '../ui/use_loaded';
import { useConsole } from './console_state';
import { text } from './i18n';
import { Panel, Part } from './panel';

/** The requirements on the car. */
interface Requirements {
  vehicle_class: VehicleClass;
  seats: number;
  needs: Need[];
}

export function BookingPanel() {
  const consoleState = useConsole();
  const { store } = consoleState;
  const [phone, setPhone] = useState('');
  const [pickup, setPickup] = useState<Place | null>(null);
  const [dropoff, setDropoff] = useState<Place | null>(null);
  const [later, setLater] = useState(false);
  const [when, setWhen] = useState('');
  const [requirements, setRequirements] = useState<Requirements>({ vehicle_class: 'standard', seats: 1, needs: [] });
  const [note, setNote] = useState('');
  const { busy, error, attempt } = useAttempt();
  useEffect(() => {
    return () => {
      consoleState.pickPoint.value = null;
    };
  }, [consoleState]);
  const at = later ? fromLocalText(when, cityZone.value) : null;

  const book = async () => {
    if (pickup === null) throw text('book.no_pickup');
    if (later && at === null) throw text('book.no_time');
    const { result } = await store.send({
      t: 'book',
      phone: phone.replace(/[^+0-9]/g, ''),
      pickup,
      ...(dropoff === null ? {} : { dropoff }),
      ...requirements,
      note,
      ...(at === null ? {} : { at }),
    });
    const trip = String(result?.trip ?? '');
    showToast(text(at === null ? 'book.done' : 'book.done_later'));
    consoleState.tab.value = 'requests';
    consoleState.choose(trip === '' ? null : { kind: 'trip', id: trip });
  };
  const onSubmit = (event: Event) => {
    event.preventDefault();
    void attempt(book);
  };
  return (
    <Panel
      label={text('start.book')}
      title={text('book.title')}
      onClose={() => {
        consoleState.action.value = null;
      }}
    >
      <form class="stack" onSubmit={onSubmit}>
        <Field label={text('book.phone')}>
          <input
            type="tel"
            inputMode="tel"
            required
            pattern="\+?[0-9 \-]{5,24}"
            autocomplete="off"
            value={phone}
            onInput={(event) => setPhone(event.currentTarget.value)}
          />
        </Field>
        <MapPlaceSearch id="pickup" label={text('book.from')} place={pickup} onPlace={setPickup} required />
        <MapPlaceSearch id="dropoff" label={text('book.to')} place={dropoff} onPlace={setDropoff} />
        <When later={later} onLater={setLater} when={when} onWhen={setWhen} />
        <CarRequirements requirements={requirements} onChange={setRequirements} />
        <Field label={text('book.note')}>
          <input maxLength={300} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
        </Field>
        <Estimate pickup={pickup} dropoff={dropoff} at={at} />
        <ErrorNote error={error} />
        <button type="submit" class="button main wide" disabled={busy} aria-busy={busy}>
          {text(later ? 'book.reserve' : 'book.book')}
        </button>
      </form>
    </Panel>
  );
}

interface WhenProps {
  later: boolean;
  onLater: (later: boolean) => void;
  /** A local time of the city, as a `datetime-local` input uses it. */
  when: string;
  onWhen: (when: string) => void;
}

/** A ride now, or a reservation for a time. */
function When({ later, onLater, when, onWhen }: WhenProps) {
  const { clock } = useConsole().store.connection;
  const choose = (value: boolean) => {
    onLater(value);
    if (value && when === '') onWhen(toLocalText(clock.now() + 3600, cityZone.value));
  };
  return (
    <>
      <fieldset class="choice">
        <legend>{text('book.when')}</legend>
        {[false, true].map((value) => (
          <label key={String(value)}>
            <input type="radio" name="when" checked={later === value} onChange={() => choose(value)} />
            {text(value ? 'book.later' : 'book.now')}
          </label>
        ))}
      </fieldset>
      {later && (
        <Field label={text('book.time', { zone: cityZone.value })}>
          <input type="datetime-local" required value={when} onInput={(event) => onWhen(event.currentTarget.value)} />
        </Field>
      )}
    </>
  );
}

interface RequirementsProps {
  requirements: Requirements;
  onChange: (requirements: Requirements) => void;
}

function CarRequirements({ requirements, onChange }: RequirementsProps) {
  const { vehicle_class, seats, needs } = requirements;
  const change = (changed: Partial<Requirements>) => onChange({ ...requirements, ...changed });
  return (
    <>
      <div class="row pair">
        <Field label={text('book.class')}>
          <select
            value={vehicle_class}
            onChange={(event) => change({ vehicle_class: event.currentTarget.value as VehicleClass })}
          >
            {CLASSES.map((each) => (
              <option key={each} value={each}>
                {wireText('class', each)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={text('book.seats')}>
          <input
            type="number"
            min={1}
            max={MAX_SEATS}
            value={seats}
            onInput={(event) =>
              change({ seats: Math.max(1, Math.min(MAX_SEATS, event.currentTarget.valueAsNumber || 1)) })
            }
          />
        </Field>
      </div>
      <fieldset class="choice">
        <legend>{text('book.needs')}</legend>
        {NEEDS.map((each) => (
          <label key={each}>
            <input
              type="checkbox"
              checked={needs.includes(each)}
              onChange={(event) =>
                change({
                  needs: event.currentTarget.checked ? [...needs, each] : needs.filter((need) => need !== each),
                })
              }
            />
            {wireText('need', each)}
          </label>
        ))}
      </fieldset>
    </>
  );
}

interface MapPlaceSearchProps {
  id: string;
  label: string;
  place: Place | null;
  onPlace: (place: Place | null) => void;
  required?: boolean;
}

/** A place search with a button to choose a point on the map instead. */
function MapPlaceSearch({ id, ...field }: MapPlaceSearchProps) {
  const { store, map, pickPoint } = useConsole();
  const picking = pickPoint.value?.field === id;
  return (
    <PlaceSearch
      {...field}
      near={store.city.center}
      token={store.token}
      hint={picking ? text('place.click_map') : undefined}
    >
      {map.value !== null && (
        <button
          type="button"
          class="button"
          aria-pressed={picking}
          aria-label={text('place.on_map', { what: field.label })}
          onClick={() => {
            pickPoint.value = picking ? null : { field: id, onPick: field.onPlace };
          }}
        >
          <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" class="line-icon">
            <circle cx="10" cy="10" r="5" />
            <path d="M10 1v5M10 14v5M1 10h5M14 10h5" />
          </svg>
        </button>
      )}
    </PlaceSearch>
  );
}

/** The estimated fare, as soon as both places are chosen. */
function Estimate({ pickup, dropoff, at }: { pickup: Place | null; dropoff: Place | null; at: number | null }) {
  const { connection } = useConsole().store;
  const { value, error } = useLoaded(
    async () => (pickup === null || dropoff === null ? null : estimate(connection, pickup, dropoff, at ?? undefined)),
    [connection, pickup, dropoff, at],
  );
  if (error !== undefined) return <ErrorNote error={error} />;
  if (value == null) return <p class="quiet small">{text('book.estimate_later')}</p>;
  const soon =
    value.pickup_s == null ? text('book.no_car_near') : text('book.pickup_in', { span: minutes(value.pickup_s) });
  return (
    <div role="status">
      <Part title={text('book.estimate')}>
        <FareTable fare={value.fare} />
      </Part>
      <p class="quiet small">
        {distance(value.meters)} · {minutes(value.seconds)} · {at === null ? soon : dayAndTime(at)}
      </p>
    </div>
  );
}
