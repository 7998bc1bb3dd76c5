/** The fare of a finished ride and the ways to collect it. */
import { useState } from 'preact/hooks';
import { ApiError } from '../client/http';
import type { FareView, PaymentView, TripView } from '../protocol/messages';
import { AsyncButton, Dialog } from '../ui/controls';
import { PaymentPhrase } from '../ui/fare';
import { money } from '../ui/formats';
import { fareLineText } from '../ui/i18n';
import { AgreedFare } from './agreed_fare';
import type { DriverStore } from './driver_store';
import { text } from './i18n';
import { Paid } from './paid';
import { QrCode } from './qr';
import { isSettled } from './reducer';
import { Scan } from './scan';

/** Error: passenger and driver have to agree on the amount first. */
const NOT_AGREED = 5009;

function Lines({ fare }: { fare: FareView }) {
  return (
    <div class="card fare-lines">
      <p class="row spread total">
        <span>{text('fare.total')}</span>
        <strong class="number">{money(fare.total)}</strong>
      </p>
      <ul>
        {fare.lines.map((line) => (
          <li class="row spread quiet small" key={line.kind + line.text}>
            <span>{fareLineText(line)}</span>
            <span class="number">{money({ minor: line.minor, currency: fare.total.currency })}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Cash({ store, trip, onClose }: { store: DriverStore; trip: TripView; onClose: () => void }) {
  const amount = trip.fare === undefined ? '' : money(trip.fare.total);
  return (
    <Dialog title={text('pay.cash_confirm', { amount })} onClose={onClose}>
      <p>{text('pay.cash_hint')}</p>
      <AsyncButton
        kind="main"
        wide
        onPress={() => store.send({ t: 'collect', trip: trip.trip, by: 'cash' }).then(onClose)}
      >
        {text('pay.cash_yes')}
      </AsyncButton>
    </Dialog>
  );
}

function Ways({ store, trip }: { store: DriverStore; trip: TripView }) {
  const [shown, setShown] = useState<'cash' | 'scan' | 'agree' | null>(null);
  const close = () => setShown(null);
  const showCode = async () => {
    try {
      await store.send({ t: 'collect', trip: trip.trip, by: 'code' });
    } catch (error) {
      if (!(error instanceof ApiError && error.code === NOT_AGREED)) throw error;
      setShown('agree');
    }
  };
  const typed = trip.payment?.typed;
  const agreed = trip.fare?.lines.some((line) => line.kind === 'typed') ?? false;
  if (shown === 'agree' || (typed !== undefined && !agreed)) {
    return <AgreedFare store={store} trip={trip} typed={agreed ? undefined : typed} onAgreed={close} />;
  }
  return (
    <div class="actions">
      <AsyncButton kind="main" wide onPress={showCode}>
        {text('pay.code')}
      </AsyncButton>
      <div class="pair">
        <button type="button" class="button" onClick={() => setShown('scan')}>
          {text('pay.scan')}
        </button>
        <button type="button" class="button" onClick={() => setShown('cash')}>
          {text('pay.cash')}
        </button>
      </div>
      <button type="button" class="button plain wide" onClick={() => store.leaveFare(trip.trip, false)}>
        {text('fare.later')}
      </button>
      {shown === 'cash' && <Cash store={store} trip={trip} onClose={close} />}
      {shown === 'scan' && <Scan store={store} trip={trip.trip} onClose={close} />}
    </div>
  );
}

function progressText(payment: PaymentView): string {
  if (payment.state === 'unknown') return text('pay.unknown');
  if (payment.method === 'alipay_code') return text('pay.wait_code');
  return payment.method === 'alipay_scan' ? text('pay.wait_scan') : text('pay.wait');
}

function Paying({ store, trip, payment }: { store: DriverStore; trip: TripView; payment: PaymentView }) {
  const amount = payment.amount === undefined ? '' : money(payment.amount);
  const stop = () => store.send({ t: 'stop_pay', trip: trip.trip });
  return (
    <>
      <div class="calm" role="status">
        {payment.code ? (
          <>
            <QrCode code={payment.code} label={text('pay.qr', { amount })} />
            <p>{text('pay.show')}</p>
          </>
        ) : (
          <p class="big">{progressText(payment)}</p>
        )}
        <PaymentPhrase payment={payment} />
      </div>
      <div class="actions">
        <AsyncButton wide onPress={stop}>
          {text('pay.stop')}
        </AsyncButton>
        <button type="button" class="button plain wide" onClick={() => store.leaveFare(trip.trip, false)}>
          {text('fare.later')}
        </button>
      </div>
    </>
  );
}

export function Fare({ store }: { store: DriverStore }) {
  const id = store.fare.value;
  const trip = id === null ? undefined : store.state.value.trips[id];
  const payment = trip?.payment;
  if (trip === undefined || trip.fare === undefined || payment === undefined) {
    return (
      <>
        <p class="quiet middle">{text('fare.loading')}</p>
        <div class="actions">
          <button type="button" class="button plain wide" onClick={() => id !== null && store.leaveFare(id, false)}>
            {text('fare.later')}
          </button>
        </div>
      </>
    );
  }
  if (isSettled(trip)) return <Paid store={store} trip={trip} payment={payment} />;
  const open = payment.state === 'paying' || payment.state === 'unknown';
  return (
    <>
      <Lines fare={trip.fare} />
      {!open && <PaymentPhrase payment={payment} />}
      {open ? <Paying store={store} trip={trip} payment={payment} /> : <Ways store={store} trip={trip} />}
    </>
  );
}
