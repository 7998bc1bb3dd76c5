/** A ride for somebody who called: where, when, what for a car, what it will cost; then it is in the list. */
import { useEffect, useState } from 'preact/hooks';
import type { BookByPhone, FareView, Place } from '../protocol/messages';
import { Field, say } from '../ui/controls';
import { cityZone, dayAndTime, distance, minutes } from '../ui/formats';
import { complaint, named } from '../ui/words';
import { fromLocal, toLocal } from './city_calendar';
import { useWorkplace } from './console_state';
import { Panel } from './panel';
import { PlaceField } from './place_field';
import { text } from './texts';
import { FareLines } from './trip_panel';

type VehicleClass = NonNullable<BookByPhone['vehicle_class']>;
type Need = NonNullable<BookByPhone['needs']>[number];
const CLASSES: readonly VehicleClass[] = ['standard', 'comfort', 'van'];
const NEEDS: readonly Need[] = ['wheelchair', 'child_seat'];

interface Quote {
  fare: FareView;
  seconds: number;
  meters: number;
  pickup_s: number | null;
}

export function BookingPanel() {
  const workplace = useWorkplace();
  const { desk } = workplace;
  const [phone, setPhone] = useState('');
  const [pickup, setPickup] = useState<Place | undefined>();
  const [dropoff, setDropoff] = useState<Place | undefined>();
  const [later, setLater] = useState(false);
  const [when, setWhen] = useState('');
  const [vehicleClass, setClass] = useState<VehicleClass>('standard');
  const [seats, setSeats] = useState(1);
  const [needs, setNeeds] = useState<readonly Need[]>([]);
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    return () => {
      workplace.pickPoint.value = null;
    };
  }, [workplace]);
  const at = later ? fromLocal(when, cityZone.value) : undefined;

  const book = async (event: Event) => {
    event.preventDefault();
    const wrong = mistake(pickup, later, at);
    setProblem(wrong);
    if (wrong !== null || pickup === undefined) return;
    setBusy(true);
    try {
      const rest = { vehicle_class: vehicleClass, seats, needs: [...needs], note };
      const where = dropoff === undefined ? { pickup } : { pickup, dropoff };
      const { result } = await desk.do({ t: 'book', phone: spoken(phone), ...where, ...rest, ...(at ? { at } : {}) });
      const trip = String(result?.trip ?? '');
      say(text(at === undefined ? 'book.done' : 'book.done_later'));
      workplace.tab.value = 'requests';
      workplace.choose(trip === '' ? null : { kind: 'trip', id: trip });
    } catch (error) {
      setProblem(complaint(error));
      setBusy(false);
    }
  };
  return (
    <Panel
      label={text('start.book')}
      title={text('book.title')}
      onClose={() => {
        workplace.act.value = null;
      }}
    >
      <form class="stack" onSubmit={book} noValidate={false}>
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
        <PlaceField id="book-from" label={text('book.from')} place={pickup} onPlace={setPickup} required />
        <PlaceField id="book-to" label={text('book.to')} place={dropoff} onPlace={setDropoff} />
        <fieldset class="choice">
          <legend>{text('book.when')}</legend>
          {[false, true].map((value) => (
            <label key={String(value)}>
              <input
                type="radio"
                name="when"
                checked={later === value}
                onChange={() => {
                  setLater(value);
                  if (value && when === '') setWhen(toLocal(desk.link.clock.now() + 3600, cityZone.value));
                }}
              />
              {text(value ? 'book.later' : 'book.now')}
            </label>
          ))}
        </fieldset>
        {later && (
          <Field label={text('book.time', { zone: cityZone.value })}>
            <input
              type="datetime-local"
              required
              value={when}
              onInput={(event) => setWhen(event.currentTarget.value)}
            />
          </Field>
        )}
        <div class="row pair">
          <Field label={text('book.class')}>
            <select value={vehicleClass} onChange={(event) => setClass(event.currentTarget.value as VehicleClass)}>
              {CLASSES.map((each) => (
                <option key={each} value={each}>
                  {named('class', each)}
                </option>
              ))}
            </select>
          </Field>
          <Field label={text('book.seats')}>
            <input
              type="number"
              min={1}
              max={8}
              value={seats}
              onInput={(event) => setSeats(Math.max(1, Math.min(8, event.currentTarget.valueAsNumber || 1)))}
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
                  setNeeds(event.currentTarget.checked ? [...needs, each] : needs.filter((need) => need !== each))
                }
              />
              {named('need', each)}
            </label>
          ))}
        </fieldset>
        <Field label={text('book.note')}>
          <input maxLength={300} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
        </Field>
        <Estimated pickup={pickup} dropoff={dropoff} at={at} />
        {problem !== null && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="button main wide" disabled={busy} aria-busy={busy}>
          {text(later ? 'book.reserve' : 'book.book')}
        </button>
      </form>
    </Panel>
  );
}

function mistake(pickup: Place | undefined, later: boolean, at: number | undefined): string | null {
  if (pickup === undefined) return text('book.no_pickup');
  if (later && (at === undefined || Number.isNaN(at))) return text('book.no_time');
  return null;
}

function spoken(phone: string): string {
  return phone.replace(/[^+0-9]/g, '');
}

/** The price before it is booked, as soon as both ends are known. */
function Estimated({ pickup, dropoff, at }: { pickup?: Place; dropoff?: Place; at?: number }) {
  const { desk } = useWorkplace();
  const [quote, setQuote] = useState<Quote | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    setQuote(null);
    setProblem(null);
    if (pickup === undefined || dropoff === undefined || Number.isNaN(at)) return;
    let open = true;
    desk.do({ t: 'estimate', pickup, dropoff, ...(at === undefined ? {} : { at }) }).then(
      ({ result }) => open && setQuote(result as unknown as Quote),
      (error) => open && setProblem(complaint(error)),
    );
    return () => {
      open = false;
    };
  }, [desk, pickup, dropoff, at]);
  if (problem !== null) return <p class="problem small">{problem}</p>;
  if (quote === null) return <p class="quiet small">{text('book.estimate_later')}</p>;
  const way = `${distance(quote.meters)} · ${minutes(quote.seconds)}`;
  const soon =
    quote.pickup_s == null ? text('book.no_car_near') : text('book.pickup_in', { span: minutes(quote.pickup_s) });
  return (
    <div role="status">
      <FareLines fare={quote.fare} title={text('book.estimate')} />
      <p class="quiet small">
        {way} · {at === undefined ? soon : dayAndTime(at)}
      </p>
    </div>
  );
}
