/** The fare of a finished ride, line by line, and every way to collect it. */
import { useState } from 'preact/hooks';
import { Refusal } from '../client/http';
import type { FareView, PaymentView, TripView } from '../protocol/messages';
import { Action, Dialog } from '../ui/controls';
import { money } from '../ui/formats';
import { language } from '../ui/language';
import { AgreedFare } from './agreed_fare';
import type { Cab } from './driver_store';
import { Paid } from './paid';
import { QrCode } from './qr';
import { isSettled } from './reducer';
import { Scan } from './scan';
import { fareLine, text } from './texts';

/** Refused because passenger and driver have to agree on the amount first. */
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
            <span>{fareLine(line)}</span>
            <span class="number">{money({ minor: line.minor, currency: fare.total.currency })}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Phrase({ payment }: { payment: PaymentView }) {
  const phrase = payment.phrase;
  if (phrase === undefined) return null;
  const [what, then] = language.value === 'zh' ? [phrase.zh, phrase.do_zh] : [phrase.en, phrase.do_en];
  return (
    <div class="note" role="status">
      <p>{what}</p>
      <p>
        <strong>{then}</strong>
      </p>
    </div>
  );
}

function Cash({ cab, trip, onClose }: { cab: Cab; trip: TripView; onClose: () => void }) {
  const amount = trip.fare === undefined ? '' : money(trip.fare.total);
  return (
    <Dialog title={text('pay.cash_sure', { amount })} onClose={onClose}>
      <p>{text('pay.cash_say')}</p>
      <Action kind="main" wide act={() => cab.give({ t: 'collect', trip: trip.trip, by: 'cash' }).then(onClose)}>
        {text('pay.cash_yes')}
      </Action>
    </Dialog>
  );
}

function Ways({ cab, trip }: { cab: Cab; trip: TripView }) {
  const [shown, setShown] = useState<'cash' | 'scan' | 'agree' | null>(null);
  const close = () => setShown(null);
  const code = async () => {
    try {
      await cab.give({ t: 'collect', trip: trip.trip, by: 'code' });
    } catch (refused) {
      if (!(refused instanceof Refusal && refused.code === NOT_AGREED)) throw refused;
      setShown('agree');
    }
  };
  const typed = trip.payment?.typed;
  const agreed = trip.fare?.lines.some((line) => line.kind === 'typed') ?? false;
  if (shown === 'agree' || (typed !== undefined && !agreed)) {
    return <AgreedFare cab={cab} trip={trip} typed={agreed ? undefined : typed} onAgreed={close} />;
  }
  return (
    <div class="actions">
      <Action kind="main" wide act={code}>
        {text('pay.code')}
      </Action>
      <div class="pair">
        <button type="button" class="button" onClick={() => setShown('scan')}>
          {text('pay.scan')}
        </button>
        <button type="button" class="button" onClick={() => setShown('cash')}>
          {text('pay.cash')}
        </button>
      </div>
      <button type="button" class="button plain wide" onClick={() => cab.leaveFare(trip.trip, false)}>
        {text('fare.later')}
      </button>
      {shown === 'cash' && <Cash cab={cab} trip={trip} onClose={close} />}
      {shown === 'scan' && <Scan cab={cab} trip={trip.trip} onClose={close} />}
    </div>
  );
}

function waitingFor(payment: PaymentView): string {
  if (payment.state === 'unknown') return text('pay.unknown');
  if (payment.method === 'alipay_code') return text('pay.wait_code');
  return payment.method === 'alipay_scan' ? text('pay.wait_scan') : text('pay.wait');
}

function Paying({ cab, trip, payment }: { cab: Cab; trip: TripView; payment: PaymentView }) {
  const amount = payment.amount === undefined ? '' : money(payment.amount);
  const stop = () => cab.give({ t: 'stop_pay', trip: trip.trip });
  return (
    <>
      <div class="calm" role="status">
        {payment.code ? (
          <>
            <QrCode code={payment.code} label={text('pay.qr', { amount })} />
            <p>{text('pay.show')}</p>
          </>
        ) : (
          <p class="big">{waitingFor(payment)}</p>
        )}
        <Phrase payment={payment} />
      </div>
      <div class="actions">
        <Action wide act={stop}>
          {text('pay.stop')}
        </Action>
        <button type="button" class="button plain wide" onClick={() => cab.leaveFare(trip.trip, false)}>
          {text('fare.later')}
        </button>
      </div>
    </>
  );
}

export function Fare({ cab }: { cab: Cab }) {
  const id = cab.fare.value;
  const trip = id === null ? undefined : cab.duty.value.trips[id];
  const payment = trip?.payment;
  if (trip === undefined || trip.fare === undefined || payment === undefined) {
    return (
      <>
        <p class="quiet middle">{text('fare.loading')}</p>
        <div class="actions">
          <button type="button" class="button plain wide" onClick={() => id !== null && cab.leaveFare(id, false)}>
            {text('fare.later')}
          </button>
        </div>
      </>
    );
  }
  if (isSettled(trip)) return <Paid cab={cab} trip={trip} payment={payment} />;
  const open = payment.state === 'paying' || payment.state === 'unknown';
  return (
    <>
      <Lines fare={trip.fare} />
      {!open && <Phrase payment={payment} />}
      {open ? <Paying cab={cab} trip={trip} payment={payment} /> : <Ways cab={cab} trip={trip} />}
    </>
  );
}
