/** A trip: its state, events, fare, payments, and why the matcher chose its car. */
import type { TripView } from '../protocol/messages';
import type { MatchExplanation, PaymentDetail, TripDetail } from '../protocol/reads';
import { FareTable } from '../ui/fare';
import { clockTime, dayAndTime, distance, duration, money } from '../ui/formats';
import { wireText } from '../ui/i18n';
import { LoadState } from '../ui/use_loaded';
import { useConsole } from './console_state';
import { text } from './i18n';
import { FactList, Panel, Part } from './panel';
import { CarLink } from './subject_links';
import {
  actorText,
  causeText,
  exchangeText,
  methodText,
  originText,
  paymentStateText,
  placeName,
  requirementsText,
} from './texts';
import { Timeline } from './timeline';
import { groupOf, isOverdue, waitedS } from './trip_board';
import { useDetail } from './use_detail';

export function TripPanel({ trip }: { trip: string }) {
  const consoleState = useConsole();
  const loaded = useDetail<TripDetail>(`/v1/trips/${encodeURIComponent(trip)}`, `trip:${trip}`);
  const detail = loaded.value;
  void consoleState.store.tripsVersion.value;
  const view = consoleState.store.trips.get(trip) ?? detail?.trip;
  return (
    <Panel
      label={text('trip.panel')}
      title={view === undefined ? text('trip.panel') : <TripTitle view={view} />}
      onClose={() => consoleState.choose(null)}
    >
      {view !== undefined && <TripFacts view={view} />}
      {view !== undefined && <TripActions view={view} />}
      {(detail === undefined || loaded.error !== undefined) && <LoadState loaded={loaded} />}
      {detail !== undefined && (
        <>
          {view?.fare !== undefined && (
            <Part title={text('trip.fare')}>
              <FareTable fare={view.fare} />
            </Part>
          )}
          <Part title={text('trip.timeline')}>
            <Timeline events={detail.timeline} />
          </Part>
          {detail.payments.length > 0 && <Payments payments={detail.payments} />}
          <Why why={detail.why ?? []} />
        </>
      )}
    </Panel>
  );
}

function TripTitle({ view }: { view: TripView }) {
  const { store } = useConsole();
  const late = isOverdue(view, store.now.value);
  return (
    <>
      {wireText('trip', view.state)}
      {groupOf(view) === 'waiting' && (
        <span class={`mark number ${late ? 'bad' : ''}`}>{duration(waitedS(view, store.now.value))}</span>
      )}
    </>
  );
}

function TripFacts({ view }: { view: TripView }) {
  const car = view.car;
  const at = (time: number | undefined) => (time === undefined ? undefined : clockTime(time));
  return (
    <FactList
      facts={[
        [text('fact.from'), placeName(view.pickup)],
        [text('fact.to'), view.dropoff === undefined ? undefined : placeName(view.dropoff)],
        [text('fact.for'), view.pickup_at === undefined ? undefined : dayAndTime(view.pickup_at)],
        [text('fact.wants'), requirementsText(view)],
        [text('fact.phone'), view.passenger === undefined ? undefined : <span class="number">{view.passenger}</span>],
        [text('fact.note'), view.note],
        [text('fact.car'), car === undefined ? undefined : <CarLink vehicle={car.vehicle} name={car.plate} />],
        [text('fact.driver'), car?.driver],
        [text('fact.eta'), view.arrived_at === undefined ? at(view.eta_at) : undefined],
        [text('fact.arrived'), at(view.arrived_at)],
        [text('fact.began'), at(view.started_at)],
        [text('fact.ended'), at(view.finished_at)],
        [text('fact.cancelled'), cancellationText(view)],
        [text('fact.stars'), view.stars === undefined ? undefined : '★'.repeat(view.stars)],
        [text('fact.origin'), `${originText(view.origin)}, ${dayAndTime(view.requested_at)}`],
        [text('fact.code'), view.code],
        [text('fact.trip'), <code class="small break">{view.trip}</code>],
      ]}
    />
  );
}

function cancellationText(view: TripView): string | undefined {
  if (view.cancelled_by === undefined || view.cancelled_by === '') return undefined;
  return [actorText(view.cancelled_by), view.cancel_reason].filter(Boolean).join(': ');
}

const CANCELLABLE = new Set(['reserved', 'matching', 'offered', 'assigned', 'arrived']);

function TripActions({ view }: { view: TripView }) {
  const { action } = useConsole();
  const begin = (kind: 'assign' | 'cancel' | 'refund' | 'settle') => () => {
    action.value = { kind, trip: view.trip };
  };
  return (
    <div class="actions">
      {view.state === 'matching' && (
        <button type="button" class="button main" aria-keyshortcuts="a" onClick={begin('assign')}>
          {text('action.assign')}
        </button>
      )}
      {CANCELLABLE.has(view.state) && (
        <button type="button" class="button" aria-keyshortcuts="c" onClick={begin('cancel')}>
          {text('action.cancel')}
        </button>
      )}
      {(view.state === 'paid' || view.state === 'part_refunded') && (
        <button type="button" class="button" onClick={begin('refund')}>
          {text('action.refund')}
        </button>
      )}
      {(view.state === 'fare_due' || view.state === 'payment_unknown') && (
        <button type="button" class="button" onClick={begin('settle')}>
          {text('action.settle')}
        </button>
      )}
    </div>
  );
}

function Payments({ payments }: { payments: readonly PaymentDetail[] }) {
  return (
    <Part title={text('trip.payments')}>
      {payments.map((payment) => (
        <div key={payment.payment} class="stack payment">
          <FactList
            facts={[
              [text('pay.state'), paymentStateText(payment.state)],
              [text('pay.method'), payment.method && methodText(payment.method)],
              [text('pay.amount'), payment.amount && money(payment.amount)],
              [text('pay.refunded'), payment.refunded && money(payment.refunded)],
              [text('pay.order'), payment.order && <code class="small break">{payment.order}</code>],
              [text('pay.trade'), payment.trade && <code class="small break">{payment.trade}</code>],
              [text('pay.unclear'), payment.unclear],
            ]}
          />
          <Timeline events={payment.timeline ?? []} />
          {(payment.said ?? []).length > 0 && (
            <details>
              <summary>{text('pay.exchange', { count: (payment.said ?? []).length })}</summary>
              <Timeline
                eventName={exchangeText}
                events={(payment.said ?? []).map((exchange, seq) => ({
                  seq,
                  at: exchange.at,
                  event: exchange.kind,
                  facts: { order: exchange.order, ...exchange.facts },
                }))}
              />
            </details>
          )}
        </div>
      ))}
    </Part>
  );
}

function Why({ why }: { why: readonly MatchExplanation[] }) {
  const { store } = useConsole();
  if (why.length === 0) return null;
  const plate = (vehicle: string) => store.fleet.value.get(vehicle)?.plate ?? vehicle;
  return (
    <Part title={text('trip.why')}>
      {why.map((window) => (
        <div key={window.at} class="stack">
          <p class="small">
            {text(window.matched === undefined ? 'why.none' : 'why.matched', {
              car: window.matched === undefined ? '' : plate(window.matched),
              at: clockTime(window.at),
              windows: window.windows,
            })}
          </p>
          <table class="fare">
            <tbody>
              {window.nearest.map((car) => (
                <tr key={car.vehicle}>
                  <th scope="row">
                    <CarLink vehicle={car.vehicle} name={plate(car.vehicle)} />
                  </th>
                  <td class="number small">
                    {distance(car.meters)}
                    {car.pickup_s !== undefined && car.pickup_s !== null && ` · ${duration(car.pickup_s)}`}
                  </td>
                  <td class="small">{causeText(car.cause)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p class="quiet small">
            {Object.entries(window.counts)
              .map(([cause, count]) => `${causeText(cause)}: ${count}`)
              .join(' · ')}
          </p>
        </div>
      ))}
    </Part>
  );
}
