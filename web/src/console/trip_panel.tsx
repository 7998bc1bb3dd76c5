/** A trip: how it stands, its whole story, its money, and why it got this car. */

import type { FareView, TripView } from '../protocol/messages';
import type { PaymentDetail, TripDetail, MatchExplanation } from '../protocol/reads';
import { Action } from '../ui/controls';
import { quantityWords } from '../ui/fare_units';
import { clockTime, dayAndTime, distance, money, span } from '../ui/formats';
import { complaint, named, word } from '../ui/words';
import { causeWords } from './cause_texts';
import { useWorkplace } from './console_state';
import { saidWords } from './event_texts';
import { FactList, Panel, Part } from './panel';
import { CarLink } from './subject_links';
import { text } from './texts';
import { Timeline } from './timeline';
import { groupOf, isOverdue, waitedS } from './trip_board';
import { lineWords, originWords, placeWords, wants } from './trip_texts';
import { useStory } from './use_detail';
import { byWords, methodWords, paymentStateWords } from './value_texts';

export function TripPanel({ trip }: { trip: string }) {
  const workplace = useWorkplace();
  const { story, problem, again } = useStory<TripDetail>(`/v1/trips/${encodeURIComponent(trip)}`, `trip:${trip}`);
  void workplace.desk.tripsTurn.value;
  const view = workplace.desk.trips.get(trip) ?? story?.trip;
  return (
    <Panel
      label={text('trip.panel')}
      title={view === undefined ? text('trip.panel') : <TripTitle view={view} />}
      onClose={() => workplace.choose(null)}
    >
      {problem !== null && <Problem problem={problem} again={again} />}
      {view !== undefined && <TripFacts view={view} />}
      {view !== undefined && <TripActs view={view} />}
      {story === null && problem === null && (
        <p class="quiet" aria-busy="true">
          {text('loading')}
        </p>
      )}
      {story !== null && (
        <>
          {view?.fare !== undefined && <FareLines fare={view.fare} />}
          <Part title={text('trip.timeline')}>
            <Timeline happenings={story.timeline} />
          </Part>
          {story.payments.length > 0 && <Payments payments={story.payments} />}
          <Why why={story.why ?? []} />
        </>
      )}
    </Panel>
  );
}

export function Problem({ problem, again }: { problem: unknown; again: () => void }) {
  return (
    <div class="stack">
      <p class="problem" role="alert">
        {complaint(problem)}
      </p>
      <Action act={again}>{word('action.retry')}</Action>
    </div>
  );
}

function TripTitle({ view }: { view: TripView }) {
  const { desk } = useWorkplace();
  const late = isOverdue(view, desk.now.value);
  return (
    <>
      {named('trip', view.state)}
      {groupOf(view) === 'waiting' && (
        <span class={`mark number ${late ? 'bad' : ''}`}>{span(waitedS(view, desk.now.value))}</span>
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
        [text('fact.from'), placeWords(view.pickup)],
        [text('fact.to'), view.dropoff === undefined ? undefined : placeWords(view.dropoff)],
        [text('fact.for'), view.pickup_at === undefined ? undefined : dayAndTime(view.pickup_at)],
        [text('fact.wants'), wants(view)],
        [text('fact.phone'), view.passenger === undefined ? undefined : <span class="number">{view.passenger}</span>],
        [text('fact.note'), view.note],
        [text('fact.car'), car === undefined ? undefined : <CarLink vehicle={car.vehicle} words={car.plate} />],
        [text('fact.driver'), car?.driver],
        [text('fact.eta'), view.arrived_at === undefined ? at(view.eta_at) : undefined],
        [text('fact.arrived'), at(view.arrived_at)],
        [text('fact.began'), at(view.started_at)],
        [text('fact.ended'), at(view.finished_at)],
        [text('fact.cancelled'), cancelWords(view)],
        [text('fact.stars'), view.stars === undefined ? undefined : '★'.repeat(view.stars)],
        [text('fact.origin'), `${originWords(view.origin)}, ${dayAndTime(view.requested_at)}`],
        [text('fact.code'), view.code],
        [text('fact.trip'), <code class="small break">{view.trip}</code>],
      ]}
    />
  );
}

function cancelWords(view: TripView): string | undefined {
  if (view.cancelled_by === undefined || view.cancelled_by === '') return undefined;
  return [byWords(view.cancelled_by), view.cancel_reason].filter(Boolean).join(': ');
}

const CANCELLABLE = new Set(['reserved', 'matching', 'offered', 'assigned', 'arrived']);

function TripActs({ view }: { view: TripView }) {
  const { act } = useWorkplace();
  const begin = (kind: 'assign' | 'cancel' | 'refund' | 'settle') => () => {
    act.value = { kind, trip: view.trip };
  };
  return (
    <div class="acts">
      {view.state === 'matching' && (
        <button type="button" class="button main" aria-keyshortcuts="a" onClick={begin('assign')}>
          {text('act.assign')}
        </button>
      )}
      {CANCELLABLE.has(view.state) && (
        <button type="button" class="button" aria-keyshortcuts="c" onClick={begin('cancel')}>
          {text('act.cancel')}
        </button>
      )}
      {(view.state === 'paid' || view.state === 'part_refunded') && (
        <button type="button" class="button" onClick={begin('refund')}>
          {text('act.refund')}
        </button>
      )}
      {(view.state === 'fare_due' || view.state === 'payment_unknown') && (
        <button type="button" class="button" onClick={begin('settle')}>
          {text('act.settle')}
        </button>
      )}
    </div>
  );
}

export function FareLines({ fare, title }: { fare: FareView; title?: string }) {
  const { currency } = fare.total;
  return (
    <Part title={title ?? text('trip.fare')}>
      <table class="fare">
        <tbody>
          {fare.lines.map((line) => (
            <tr key={`${line.kind} ${line.text}`}>
              <th scope="row">{lineWords(line)}</th>
              <td class="number quiet small">{quantityWords(line)}</td>
              <td class="number">{money({ minor: line.minor, currency })}</td>
            </tr>
          ))}
          <tr class="total">
            <th scope="row">{text('trip.total')}</th>
            <td />
            <td class="number">{money(fare.total)}</td>
          </tr>
        </tbody>
      </table>
    </Part>
  );
}

function Payments({ payments }: { payments: readonly PaymentDetail[] }) {
  return (
    <Part title={text('trip.payments')}>
      {payments.map((payment) => (
        <div key={payment.payment} class="stack payment">
          <FactList
            facts={[
              [text('pay.state'), paymentStateWords(payment.state)],
              [text('pay.method'), payment.method && methodWords(payment.method)],
              [text('pay.amount'), payment.amount && money(payment.amount)],
              [text('pay.refunded'), payment.refunded && money(payment.refunded)],
              [text('pay.order'), payment.order && <code class="small break">{payment.order}</code>],
              [text('pay.trade'), payment.trade && <code class="small break">{payment.trade}</code>],
              [text('pay.unclear'), payment.unclear],
            ]}
          />
          <Timeline happenings={payment.timeline ?? []} />
          {(payment.said ?? []).length > 0 && (
            <details>
              <summary>{text('pay.said', { count: (payment.said ?? []).length })}</summary>
              <Timeline
                call={saidWords}
                happenings={(payment.said ?? []).map((said, seq) => ({
                  seq,
                  at: said.at,
                  event: said.kind,
                  facts: { order: said.order, ...said.facts },
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
  const { desk } = useWorkplace();
  if (why.length === 0) return null;
  const plate = (vehicle: string) => desk.fleet.value.get(vehicle)?.plate ?? vehicle;
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
                    <CarLink vehicle={car.vehicle} words={plate(car.vehicle)} />
                  </th>
                  <td class="number small">
                    {distance(car.meters)}
                    {car.pickup_s !== undefined && car.pickup_s !== null && ` · ${span(car.pickup_s)}`}
                  </td>
                  <td class="small">{causeWords(car.cause)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p class="quiet small">
            {Object.entries(window.counts)
              .map(([cause, count]) => `${causeWords(cause)}: ${count}`)
              .join(' · ')}
          </p>
        </div>
      ))}
    </Part>
  );
}
