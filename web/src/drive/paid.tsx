/**
 * The confirmation. It moves, its time runs and it bears the word of the minute, so that no picture of another payment
 * passes for it. Where motion is not wanted, the row of lights still steps on each second.
 */

import type { PaymentView, TripView } from '../protocol/messages';
import { clockSeconds, money } from '../ui/formats';
import { language } from '../ui/language';
import type { Cab } from './driver_store';
import { method, text } from './texts';
import { useTicking } from './ticking';
import { useMinuteWord } from './verification_word';

const LIGHTS = 8;

function Live({ cab }: { cab: Cab }) {
  useTicking(250);
  const now = cab.link.clock.now();
  const lit = Math.floor(Date.now() / 1000) % LIGHTS;
  return (
    <>
      <div class="lights" aria-hidden="true">
        {Array.from({ length: LIGHTS }, (_, index) => (
          <i key={index} class={index === lit ? 'lit' : ''} />
        ))}
      </div>
      <p class="number small">{text('pay.live', { time: clockSeconds(now) })}</p>
    </>
  );
}

function Word({ cab }: { cab: Cab }) {
  const word = useMinuteWord(cab);
  if (word === null) return <p class="small">{text('pay.no_word')}</p>;
  const [first, second] = language.value === 'zh' ? [word.zh, word.en] : [word.en, word.zh];
  return (
    <>
      <p class="small">{text('pay.word')}</p>
      <p class="minute-word" data-word={word.zh}>
        {first} <span>{second}</span>
      </p>
    </>
  );
}

function title(payment: PaymentView): string {
  if (payment.state === 'settled_otherwise') return text('pay.settled');
  return text('pay.paid');
}

export function Paid({ cab, trip, payment }: { cab: Cab; trip: TripView; payment: PaymentView }) {
  const amount = payment.amount ?? trip.fare?.total;
  const inCash = payment.method === 'cash';
  return (
    <>
      <section class="paid" aria-live="polite" aria-label={text('pay.paid')} data-payment={payment.state}>
        <div class="paid-wave" aria-hidden="true" />
        <h1>
          <svg viewBox="0 0 24 24" width="40" height="40" aria-hidden="true">
            <path d="M5 13l4.5 4.5L19 7" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" />
          </svg>
          {title(payment)}
        </h1>
        {amount !== undefined && <p class="paid-amount number">{money(amount)}</p>}
        <p>{text('pay.by', { method: method(payment.method ?? '') })}</p>
        {payment.refunded !== undefined && payment.refunded.minor > 0 && (
          <p>{text('pay.back', { amount: money(payment.refunded) })}</p>
        )}
        {!inCash && <Word cab={cab} />}
        <Live cab={cab} />
      </section>
      <div class="actions">
        <button type="button" class="button main wide" onClick={() => cab.leaveFare(trip.trip, true)}>
          {text('fare.done')}
        </button>
      </div>
    </>
  );
}
