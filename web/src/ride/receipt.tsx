/** The receipt, which can be printed. */
import type { Receipt } from '../protocol/reads';
import { FareTable } from '../ui/fare';
import { dayAndTime, money } from '../ui/formats';
import { commonText } from '../ui/i18n';
import { LoadState, useLoaded } from '../ui/use_loaded';
import { text } from './i18n';
import type { PassengerStore } from './passenger_store';
import { methodName } from './pay';
import { placeName } from './places';

export function ReceiptPage({ store, id }: { store: PassengerStore; id: string }) {
  const loaded = useLoaded(() => store.receipt(id), [store, id]);
  const receipt = loaded.value;
  return (
    <main class="narrow stack receipt-page">
      {receipt === undefined ? <LoadState loaded={loaded} /> : <Printed {...receipt} />}
      <div class="stack no-print">
        {receipt !== undefined && (
          <button type="button" class="button main wide" onClick={() => print()}>
            {text('print')}
          </button>
        )}
        <a class="button plain wide" href={`#trip=${id}`}>
          {commonText('action.back')}
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
      {trip.fare !== undefined && <FareTable fare={trip.fare} />}
      {trip.payment?.refunded !== undefined && <p>{text('refunded', { amount: money(trip.payment.refunded) })}</p>}
    </article>
  );
}
