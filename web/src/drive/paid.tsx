/**
 * The confirmation of a payment. It is animated, shows the running time and contains the verification word, so that a
 * screenshot of another payment cannot replace it. With reduced motion the row of lights still steps each second.
 */
import type { PaymentView, TripView } from '../protocol/messages';
import { useCityTime } from '../ui/countdown';
import { clockSeconds, money } from '../ui/formats';
import { language } from '../ui/i18n/language';
import { useVerificationWord } from '../ui/verification_word';
import type { DriverStore } from './driver_store';
import { methodText, text } from './i18n';

const LIGHTS = 8;

function Live({ store }: { store: DriverStore }) {
  const now = useCityTime(store.connection.clock, 250);
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

function Word({ store }: { store: DriverStore }) {
  const word = useVerificationWord(store.connection);
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

export function Paid({ store, trip, payment }: { store: DriverStore; trip: TripView; payment: PaymentView }) {
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
        <p>{text('pay.by', { method: methodText(payment.method ?? '') })}</p>
        {payment.refunded !== undefined && payment.refunded.minor > 0 && (
          <p>{text('pay.back', { amount: money(payment.refunded) })}</p>
        )}
        {!inCash && <Word store={store} />}
        <Live store={store} />
      </section>
      <div class="actions">
        <button type="button" class="button main wide" onClick={() => store.leaveFare(trip.trip, true)}>
          {text('fare.done')}
        </button>
      </div>
    </>
  );
}
