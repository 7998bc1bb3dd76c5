/** The fare, the progress of its payment and the result. The money is paid on the pages under `/pay/`. */
import type { TripView } from '../protocol/messages';
import { AsyncButton } from '../ui/controls';
import { FareTable, PaymentPhrase } from '../ui/fare';
import { money } from '../ui/formats';
import { language } from '../ui/i18n/language';
import { useVerificationWord } from '../ui/verification_word';
import { text } from './i18n';
import type { PassengerStore } from './passenger_store';
import { Rating } from './rating';
import type { TripProps } from './trip_props';

const PAYING = 'taxi.ride.paying';
/** When this page saw a trip become paid, or returned from its payment; `Date.now()` by trip. */
const paidHere = new Map<string, number>();

/** Remembers the trip, because the payment pages return to the app and not to the trip. */
function rememberPayment(trip: string): void {
  sessionStorage.setItem(PAYING, trip);
}

/** The trip whose payment page was opened last; the next call returns null. */
export function tripAfterPayment(): string | null {
  const trip = sessionStorage.getItem(PAYING);
  sessionStorage.removeItem(PAYING);
  if (trip !== null) paidHere.set(trip, Date.now());
  return trip;
}

/** The payment page of a trip, which returns to this app. A development city pays in the sandbox. */
function paymentUrl(trip: TripView, development: boolean): string | null {
  if (trip.car === undefined) return null;
  const query = new URLSearchParams({ ride: trip.trip, back: 'ride' });
  if (development) query.set('sandbox', '1');
  return `/pay/${encodeURIComponent(trip.car.vehicle)}?${query}`;
}

export function Pay({ store, city, own: { trip } }: TripProps) {
  const { state, payment } = trip;
  const url = paymentUrl(trip, city.development === true);
  const isFee = trip.cancelled_by !== undefined;
  return (
    <>
      <section class="card stack" aria-live="polite">
        <PaymentState trip={trip} />
        {trip.fare !== undefined && <FareTable fare={trip.fare} />}
        {payment?.typed !== undefined && <p>{money(payment.typed)}</p>}
      </section>
      {state !== 'payment_unknown' && url !== null && (
        <a class="button main wide" href={url} onClick={() => rememberPayment(trip.trip)}>
          {text(state === 'paying' ? 'pay_go_on' : 'pay')}
        </a>
      )}
      {state === 'paying' && (
        <AsyncButton wide kind="plain" onPress={() => store.stopPaying(trip.trip)}>
          {text('pay_other')}
        </AsyncButton>
      )}
      {state === 'fare_due' && !isFee && <p class="quiet small centered">{text('pay_cash')}</p>}
      {!isFee && <Rating store={store} trip={trip} />}
    </>
  );
}

function PaymentState({ trip }: { trip: TripView }) {
  const { state, payment, fare } = trip;
  if (state === 'payment_unknown') return <Heading title={text('checking')} more={text('checking_more')} />;
  if (state === 'paying') {
    return (
      <>
        <Heading title={text('paying')} more={text('paying_more')} />
        <PaymentPhrase payment={payment} />
      </>
    );
  }
  const title = text(trip.cancelled_by === undefined ? 'pay_due' : 'pay_due_fee');
  return (
    <>
      {payment?.phrase !== undefined && (
        <div class="refused" role="alert">
          <strong>{text('refused')}</strong>
          <PaymentPhrase payment={payment} />
        </div>
      )}
      <Heading title={title} {...(fare?.lines.length ? {} : { more: text('typed_more') })} />
      {fare !== undefined && <p class="amount number">{money(fare.total)}</p>}
    </>
  );
}

function Heading({ title, more }: { title: string; more?: string }) {
  return (
    <>
      <h1>{title}</h1>
      {more !== undefined && <p class="quiet">{more}</p>}
    </>
  );
}

export function methodName(method: string | undefined): string {
  if (method === 'cash') return text('method_cash');
  return text(method === 'otherwise' ? 'method_otherwise' : 'method_alipay');
}

export function Paid({ store, own: { trip } }: TripProps) {
  const { payment, fare, state } = trip;
  const settled = state === 'settled_otherwise';
  return (
    <>
      <section class="card stack centered" aria-live="polite">
        <h1 class="good">{settled ? text('settled') : text('paid_by', { method: methodName(payment?.method) })}</h1>
        {fare !== undefined && <p class="amount number">{money(fare.total)}</p>}
        {wasPaidRecently(store, trip) && <Word store={store} />}
        {payment?.refunded !== undefined && <p>{text('refunded', { amount: money(payment.refunded) })}</p>}
      </section>
      {fare !== undefined && (
        <section class="card">
          <FareTable fare={fare} />
        </section>
      )}
      {trip.cancelled_by === undefined && <Rating store={store} trip={trip} />}
      <a class="button wide" href={`#receipt=${trip.trip}`}>
        {text('receipt')}
      </a>
      <a class="button plain wide" href="#book">
        {text('done')}
      </a>
    </>
  );
}

/** The word is shown to the driver at the end of the ride, not for old rides. */
const WORD_FOR_MS = 15 * 60_000;

function wasPaidRecently(store: PassengerStore, trip: TripView): boolean {
  const streamed = (store.trips.value.get(trip.trip)?.seq ?? 0) > 0;
  if (trip.state === 'paid' && streamed && !paidHere.has(trip.trip)) paidHere.set(trip.trip, Date.now());
  const since = paidHere.get(trip.trip);
  return trip.state === 'paid' && since !== undefined && Date.now() - since < WORD_FOR_MS;
}

/** The verification word below a moving bar: a screenshot of another payment shows neither. */
function Word({ store }: { store: PassengerStore }) {
  const word = useVerificationWord(store.connection);
  if (word === null) return null;
  return (
    <div class="stack" data-word={word.en}>
      <div class="track" aria-hidden="true">
        <div class="moving" />
      </div>
      <p class="word">{language.value === 'zh' ? word.zh : word.en}</p>
      <p class="quiet small">{text('word_why')}</p>
    </div>
  );
}
