/** What the ride would cost, as soon as both ends are known. */
import { useEffect, useState } from 'preact/hooks';
import { distance, minutes, money } from '../ui/formats';
import { complaint } from '../ui/words';
import * as draft from './draft';
import { FareLines } from './fare_lines';
import type { Model, Quote } from './passenger_store';
import { text } from './text';

export function Estimated({ model }: { model: Model }) {
  const [quote, setQuote] = useState<Quote | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [pickup, dropoff, at] = [draft.pickup.value, draft.dropoff.value, draft.at.value];
  useEffect(() => {
    setProblem(null);
    if (pickup === null || dropoff === null) return setQuote(null);
    let stale = false;
    model.estimate(pickup, dropoff, at ?? undefined).then(
      (answer) => !stale && setQuote(answer),
      (error) => {
        if (stale) return;
        setQuote(null);
        setProblem(complaint(error));
      },
    );
    return () => {
      stale = true;
    };
  }, [model, pickup, dropoff, at]);

  if (problem !== null) {
    return (
      <p class="problem small" role="alert">
        {problem}
      </p>
    );
  }
  if (pickup === null) return null;
  if (dropoff === null) return <p class="quiet small">{text('estimate_none')}</p>;
  return (
    <section class="card" aria-live="polite" aria-label={text('estimate')}>
      {quote === null ? <p class="quiet">{text('loading')}</p> : <Quoted quote={quote} now={at === null} />}
    </section>
  );
}

function Quoted({ quote, now }: { quote: Quote; now: boolean }) {
  const near = typeof quote.pickup_s === 'number' && quote.pickup_s >= 0 ? quote.pickup_s : null;
  return (
    <div class="stack">
      <div class="row spread">
        <span>
          <span class="quiet small">{text('estimate')}</span>
          <strong class="amount number" data-estimate>
            {money(quote.fare.total)}
          </strong>
        </span>
        <span class="quiet number">
          {minutes(quote.seconds)} · {distance(quote.meters)}
        </span>
      </div>
      {now && near !== null && <p class="small">{text('nearest_car', { time: minutes(near) })}</p>}
      <details>
        <summary class="small">{text('estimate_lines')}</summary>
        <FareLines fare={quote.fare} />
        <p class="quiet small">{text('estimate_note')}</p>
      </details>
    </div>
  );
}
