/** What the shift has brought, ride by ride, and the car's payments of today, to check accounts. */
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../client/http';
import type { ShiftAccount, ShiftRide } from '../protocol/reads';
import { Dialog } from '../ui/controls';
import { clockTime, money } from '../ui/formats';
import { complaint, named, word } from '../ui/words';
import type { Cab } from './driver_store';
import { method, text } from './texts';

const TO_COLLECT: ReadonlySet<string> = new Set(['due', 'paying', 'unknown']);

interface TodayPayment {
  trip: string;
  state: string;
  method: string;
  minor: number;
  currency: string;
  paid_at: number | null;
  opened_at: number | null;
}

/** What is loaded when the sheet opens; an error stands until it is tried again. */
function useLoaded<T>(load: () => Promise<T>) {
  const [loaded, setLoaded] = useState<{ value?: T; problem?: unknown }>({});
  const again = () => {
    setLoaded({});
    load().then(
      (value) => setLoaded({ value }),
      (problem: unknown) => setLoaded({ problem }),
    );
  };
  useEffect(again, []);
  return { ...loaded, again };
}

function Failed({ problem, again }: { problem: unknown; again: () => void }) {
  return (
    <div role="alert" class="stack">
      <p class="problem">{complaint(problem)}</p>
      <button type="button" class="button" onClick={again}>
        {word('action.retry')}
      </button>
    </div>
  );
}

function Ride({ ride, collect }: { ride: ShiftRide; collect: () => void }) {
  return (
    <li class="row spread">
      <span>
        <span class="number">{clockTime(ride.finished_at)}</span>{' '}
        <span class="quiet small">{method(ride.method ?? '')}</span>
      </span>
      <span class="row">
        <strong class="number">{money(ride.fare)}</strong>
        {TO_COLLECT.has(ride.payment_state) && (
          <button type="button" class="button small" onClick={collect}>
            {text('earn.collect')}
          </button>
        )}
      </span>
    </li>
  );
}

function Shift({ cab, onClose }: { cab: Cab; onClose: () => void }) {
  const { value, problem, again } = useLoaded(() => ask<ShiftAccount>('/v1/my/shift', { token: cab.signedIn.token }));
  if (problem !== undefined) return <Failed problem={problem} again={again} />;
  if (value === undefined) return <p class="quiet">{text('earn.loading')}</p>;
  const collect = (trip: string) => {
    cab.collect(trip);
    onClose();
  };
  return (
    <section class="stack" aria-label={text('earn.shift')}>
      <h3>
        {text('earn.shift')}{' '}
        <span class="quiet small number">{text('earn.since', { time: clockTime(value.since) })}</span>
      </h3>
      {value.sums.length === 0 && <p class="quiet">{text('earn.none')}</p>}
      <ul class="sums">
        {value.sums.map((sum) => (
          <li key={sum.method} class="row spread">
            <span>
              {method(sum.method)} <span class="quiet small">{text('earn.rides', { count: sum.rides })}</span>
            </span>
            <strong class="number">{money(sum.amount)}</strong>
          </li>
        ))}
      </ul>
      <ul class="list">
        {value.rides.map((ride) => (
          <Ride key={ride.trip} ride={ride} collect={() => collect(ride.trip)} />
        ))}
      </ul>
    </section>
  );
}

function Today({ cab }: { cab: Cab }) {
  const { value, problem, again } = useLoaded(async () => {
    const { result } = await cab.give({ t: 'today' });
    return result as unknown as { payments: TodayPayment[] };
  });
  if (problem !== undefined) return <Failed problem={problem} again={again} />;
  if (value === undefined) return <p class="quiet">{text('earn.loading')}</p>;
  return (
    <section class="stack" aria-label={text('earn.today')}>
      <h3>{text('earn.today')}</h3>
      {value.payments.length === 0 && <p class="quiet">{text('earn.no_payments')}</p>}
      <ul class="list">
        {value.payments.map(({ trip, state, method: by, minor, currency, paid_at, opened_at }) => (
          <li key={trip} class="row spread">
            <span>
              <span class="number">{clockTime(paid_at ?? opened_at ?? cab.link.clock.now())}</span>{' '}
              <span class="quiet small">
                {method(by)} · {named('trip', state)}
              </span>
            </span>
            <strong class="number">{money({ minor, currency })}</strong>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Earnings({ cab, onClose }: { cab: Cab; onClose: () => void }) {
  return (
    <Dialog title={text('earn.title')} onClose={onClose}>
      <Shift cab={cab} onClose={onClose} />
      <hr />
      <Today cab={cab} />
    </Dialog>
  );
}
