/** The receipt, which can be printed. */
import { useEffect, useState } from 'preact/hooks';
import type { Receipt } from '../protocol/reads';
import { Action } from '../ui/controls';
import { dayAndTime, money } from '../ui/formats';
import { complaint, word } from '../ui/words';
import { FareLines } from './fare_lines';
import type { Model } from './passenger_store';
import { methodName } from './pay';
import { placeName } from './places';
import { text } from './text';

export function ReceiptPage({ model, id }: { model: Model; id: string }) {
  const [receipt, setReceipt] = useState<Receipt | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const read = () =>
    model.receipt(id).then(setReceipt, (error) => {
      setProblem(complaint(error));
    });
  useEffect(() => void read(), [model, id]);
  return (
    <main class="narrow stack receipt-page">
      {receipt !== null && <Printed {...receipt} />}
      {receipt === null && problem === null && <p role="status">{text('loading')}</p>}
      {receipt === null && problem !== null && (
        <>
          <p class="problem" role="alert">
            {problem}
          </p>
          <Action act={read}>{word('action.retry')}</Action>
        </>
      )}
      <div class="stack no-print">
        {receipt !== null && (
          <button type="button" class="button main wide" onClick={() => print()}>
            {text('print')}
          </button>
        )}
        <a class="button plain wide" href={`#trip=${id}`}>
          {word('action.back')}
        </a>
      </div>
    </main>
  );
}

function Printed({ trip, company, issued_at }: Receipt) {
  const facts: [string, string | undefined][] = [
    [text('company'), company],
    [text('plate'), trip.car?.plate],
    [text('driver'), trip.car?.driver],
    [text('from'), placeName(trip.pickup) || undefined],
    [text('to'), placeName(trip.dropoff) || undefined],
    [text('ride_begin'), trip.started_at === undefined ? undefined : dayAndTime(trip.started_at)],
    [text('ride_end'), trip.finished_at === undefined ? undefined : dayAndTime(trip.finished_at)],
    [text('method'), methodName(trip.payment?.method)],
    [text('ride_number'), trip.trip],
    [text('issued'), dayAndTime(issued_at)],
  ];
  return (
    <article class="card stack receipt">
      <h1>{text('receipt_for')}</h1>
      <dl class="facts">
        {facts.map(
          ([name, value]) =>
            value !== undefined && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      {trip.fare !== undefined && <FareLines fare={trip.fare} />}
      {trip.payment?.refunded !== undefined && <p>{text('refunded', { amount: money(trip.payment.refunded) })}</p>}
    </article>
  );
}
