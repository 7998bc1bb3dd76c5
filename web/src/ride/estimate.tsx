/** The estimated fare, as soon as both ends are known. */
import { type Estimate, estimate } from '../client/command_result';
import type { Connection } from '../client/connection';
import { ErrorNote } from '../ui/controls';
import { FareTable } from '../ui/fare';
import { distance, minutes, money } from '../ui/formats';
import { useLoaded } from '../ui/use_loaded';
import * as draft from './draft';
import { text } from './i18n';

export function EstimateCard({ connection }: { connection: Connection }) {
  const [pickup, dropoff, at] = [draft.pickup.value, draft.dropoff.value, draft.at.value];
  const { value, error } = useLoaded(
    async () => (pickup === null || dropoff === null ? null : estimate(connection, pickup, dropoff, at ?? undefined)),
    [connection, pickup, dropoff, at],
  );
  if (error !== undefined) return <ErrorNote error={error} />;
  if (pickup === null) return null;
  if (dropoff === null) return <p class="quiet small">{text('estimate_none')}</p>;
  return (
    <section class="card" aria-live="polite" aria-label={text('estimate')}>
      {value == null ? <p class="quiet">{text('loading')}</p> : <Details estimate={value} now={at === null} />}
    </section>
  );
}

function Details({ estimate: { fare, seconds, meters, pickup_s }, now }: { estimate: Estimate; now: boolean }) {
  const near = typeof pickup_s === 'number' && pickup_s >= 0 ? pickup_s : null;
  return (
    <div class="stack">
      <div class="row spread">
        <span>
          <span class="quiet small">{text('estimate')}</span>
          <strong class="amount number" data-estimate>
            {money(fare.total)}
          </strong>
        </span>
        <span class="quiet number">
          {minutes(seconds)} · {distance(meters)}
        </span>
      </div>
      {now && near !== null && <p class="small">{text('nearest_car', { time: minutes(near) })}</p>}
      <details>
        <summary class="small">{text('estimate_lines')}</summary>
        <FareTable fare={fare} />
        <p class="quiet small">{text('estimate_note')}</p>
      </details>
    </div>
  );
}
