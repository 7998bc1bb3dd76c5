/** The fare, its payment as it goes on, and what comes after. Alipay's own pages take the money (`/pay/…`). */
import { useEffect, useState } from 'preact/hooks';
import type { PaymentView, TripView } from '../protocol/messages';
import { Action } from '../ui/controls';
import { money } from '../ui/formats';
import { language } from '../ui/language';
import { FareLines } from './fare_lines';
import type { Model, Word } from './passenger_store';
import { Rating } from './rating';
import { text } from './text';
import type { TripProps } from './trip_page';

const PAYING = 'taxi.ride.paying';
/** Rides that were paid while this page looked on, or on the way that began here. */
const paidHere = new Map<string, number>();

/** The payment's pages lead back to the app, not to the ride. */
function leaveToPay(trip: string): void {
  sessionStorage.setItem(PAYING, trip);
}

/** The ride that was being paid when one left, told once. */
export function backFromPaying(): string | null {
  const trip = sessionStorage.getItem(PAYING);
  sessionStorage.removeItem(PAYING);
  if (trip !== null) paidHere.set(trip, Date.now());
  return trip;
}

/** Where a ride's fare is paid: it knows the way back here. In development the sandbox plays Alipay. */
export function payAddress(trip: TripView, development: boolean): string | null {
  if (trip.car === undefined) return null;
  const query = new URLSearchParams({ ride: trip.trip, back: 'ride' });
  if (development) query.set('sandbox', '1');
  return `/pay/${encodeURIComponent(trip.car.vehicle)}?${query}`;
}

export function Pay({ model, city, own: { trip } }: TripProps) {
  const { state, payment } = trip;
  const address = payAddress(trip, city.development === true);
  const fee = trip.cancelled_by !== undefined;
  return (
    <>
      <section class="card stack" aria-live="polite">
        <PaymentExchange trip={trip} />
        {trip.fare !== undefined && <FareLines fare={trip.fare} />}
        {payment?.typed !== undefined && <p>{money(payment.typed)}</p>}
      </section>
      {state !== 'payment_unknown' && address !== null && (
        <a class="button main wide" href={address} onClick={() => leaveToPay(trip.trip)}>
          {text(state === 'paying' ? 'pay_go_on' : 'pay')}
        </a>
      )}
      {state === 'paying' && (
        <Action wide kind="plain" act={() => model.stopPaying(trip.trip)}>
          {text('pay_other')}
        </Action>
      )}
      {state === 'fare_due' && !fee && <p class="quiet small centered">{text('pay_cash')}</p>}
      {!fee && <Rating model={model} trip={trip} />}
    </>
  );
}

function PaymentExchange({ trip }: { trip: TripView }) {
  const { state, payment, fare } = trip;
  if (state === 'payment_unknown') return <Said title={text('checking')} more={text('checking_more')} />;
  if (state === 'paying') {
    return (
      <>
        <Said title={text('paying')} more={text('paying_more')} />
        <Phrase payment={payment} />
      </>
    );
  }
  const title = text(trip.cancelled_by === undefined ? 'pay_due' : 'pay_due_fee');
  return (
    <>
      {payment?.phrase !== undefined && (
        <div class="refused" role="alert">
          <strong>{text('refused')}</strong>
          <Phrase payment={payment} />
        </div>
      )}
      <Said title={title} {...(fare?.lines.length ? {} : { more: text('typed_more') })} />
      {fare !== undefined && <p class="amount number">{money(fare.total)}</p>}
    </>
  );
}

function Said({ title, more }: { title: string; more?: string }) {
  return (
    <>
      <h1>{title}</h1>
      {more !== undefined && <p class="quiet">{more}</p>}
    </>
  );
}

function Phrase({ payment }: { payment: PaymentView | undefined }) {
  const phrase = payment?.phrase;
  if (phrase === undefined) return null;
  const zh = language.value === 'zh';
  return (
    <p class="small">
      {zh ? phrase.zh : phrase.en} {zh ? phrase.do_zh : phrase.do_en}
    </p>
  );
}

export function methodName(method: string | undefined): string {
  if (method === 'cash') return text('method_cash');
  return text(method === 'otherwise' ? 'method_otherwise' : 'method_alipay');
}

export function Paid({ model, own: { trip } }: TripProps) {
  const { payment, fare, state } = trip;
  const settled = state === 'settled_otherwise';
  const fresh = usePaidJustNow(model, trip);
  return (
    <>
      <section class="card stack centered" aria-live="polite">
        <h1 class="good">{settled ? text('settled') : text('paid_by', { method: methodName(payment?.method) })}</h1>
        {fare !== undefined && <p class="amount number">{money(fare.total)}</p>}
        {fresh && <MinuteWord model={model} />}
        {payment?.refunded !== undefined && <p>{text('refunded', { amount: money(payment.refunded) })}</p>}
      </section>
      {fare !== undefined && (
        <section class="card">
          <FareLines fare={fare} />
        </section>
      )}
      {trip.cancelled_by === undefined && <Rating model={model} trip={trip} />}
      <a class="button wide" href={`#receipt=${trip.trip}`}>
        {text('receipt')}
      </a>
      <a class="button plain wide" href="#book">
        {text('done')}
      </a>
    </>
  );
}

const WORD_FOR_MS = 15 * 60_000;
/** The word is for the driver beside one, not for old rides. */
function usePaidJustNow(model: Model, trip: TripView): boolean {
  const streamed = (model.trips.value.get(trip.trip)?.seq ?? 0) > 0;
  if (trip.state === 'paid' && streamed && !paidHere.has(trip.trip)) paidHere.set(trip.trip, Date.now());
  const since = paidHere.get(trip.trip);
  return trip.state === 'paid' && since !== undefined && Date.now() - since < WORD_FOR_MS;
}

/** It changes with the minute, and a bar moves above it: a picture of another payment shows neither. */
function MinuteWord({ model }: { model: Model }) {
  const [word, setWord] = useState<Word | null>(null);
  useEffect(() => {
    let stale = false;
    const read = () => {
      model.word().then(
        (answer) => !stale && setWord(answer),
        () => undefined,
      );
    };
    read();
    const timer = setInterval(read, 5000);
    return () => {
      stale = true;
      clearInterval(timer);
    };
  }, [model]);
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
