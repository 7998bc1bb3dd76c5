/** The earnings of the shift ride by ride, and today's payments of the car. */
import type { ComponentChildren } from 'preact';
import { request } from '../client/http';
import type { ShiftAccount, ShiftRide } from '../protocol/reads';
import { Dialog } from '../ui/controls';
import { clockTime, money } from '../ui/formats';
import { wireText } from '../ui/i18n';
import { LoadState, useLoaded } from '../ui/use_loaded';
import type { DriverStore } from './driver_store';
import { methodText, text } from './i18n';

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

function Row({ at, about, children }: { at: number; about: string; children: ComponentChildren }) {
  return (
    <li class="row spread">
      <span>
        <span class="number">{clockTime(at)}</span> <span class="quiet small">{about}</span>
      </span>
      {children}
    </li>
  );
}

function Ride({ ride, collect }: { ride: ShiftRide; collect: () => void }) {
  return (
    <Row at={ride.finished_at} about={methodText(ride.method ?? '')}>
      <span class="row">
        <strong class="number">{money(ride.fare)}</strong>
        {TO_COLLECT.has(ride.payment_state) && (
          <button type="button" class="button small" onClick={collect}>
            {text('earn.collect')}
          </button>
        )}
      </span>
    </Row>
  );
}

function Shift({ store, onClose }: { store: DriverStore; onClose: () => void }) {
  const loaded = useLoaded(() => request<ShiftAccount>('/v1/my/shift', { token: store.signedIn.token }));
  if (loaded.value === undefined) return <LoadState loaded={loaded} />;
  const { since, sums, rides } = loaded.value;
  const collect = (trip: string) => {
    store.collect(trip);
    onClose();
  };
  return (
    <section class="stack" aria-label={text('earn.shift')}>
      <h3>
        {text('earn.shift')} <span class="quiet small number">{text('earn.since', { time: clockTime(since) })}</span>
      </h3>
      {sums.length === 0 && <p class="quiet">{text('earn.none')}</p>}
      <ul class="sums">
        {sums.map((sum) => (
          <li key={sum.method} class="row spread">
            <span>
              {methodText(sum.method)} <span class="quiet small">{text('earn.rides', { count: sum.rides })}</span>
            </span>
            <strong class="number">{money(sum.amount)}</strong>
          </li>
        ))}
      </ul>
      <ul class="list">
        {rides.map((ride) => (
          <Ride key={ride.trip} ride={ride} collect={() => collect(ride.trip)} />
        ))}
      </ul>
    </section>
  );
}

function Today({ store }: { store: DriverStore }) {
  const loaded = useLoaded(async () => {
    const { result } = await store.send({ t: 'today' });
    return result as unknown as { payments: TodayPayment[] };
  });
  if (loaded.value === undefined) return <LoadState loaded={loaded} />;
  const { payments } = loaded.value;
  return (
    <section class="stack" aria-label={text('earn.today')}>
      <h3>{text('earn.today')}</h3>
      {payments.length === 0 && <p class="quiet">{text('earn.no_payments')}</p>}
      <ul class="list">
        {payments.map(({ trip, state, method, minor, currency, paid_at, opened_at }) => (
          <Row
            key={trip}
            at={paid_at ?? opened_at ?? store.connection.clock.now()}
            about={`${methodText(method)} · ${wireText('trip', state)}`}
          >
            <strong class="number">{money({ minor, currency })}</strong>
          </Row>
        ))}
      </ul>
    </section>
  );
}

export function Earnings({ store, onClose }: { store: DriverStore; onClose: () => void }) {
  return (
    <Dialog title={text('earn.title')} onClose={onClose}>
      <Shift store={store} onClose={onClose} />
      <hr />
      <Today store={store} />
    </Dialog>
  );
}
