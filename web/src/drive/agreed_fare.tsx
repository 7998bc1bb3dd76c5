/** The fare of a car without a meter: the driver confirms the amount that the passenger typed, or types it. */
import { useState } from 'preact/hooks';
import type { MoneyView, TripView } from '../protocol/messages';
import { minorUnits } from '../ui/amount';
import { AsyncButton, Field } from '../ui/controls';
import { money } from '../ui/formats';
import type { DriverStore } from './driver_store';
import { text } from './i18n';

interface AgreedFareProps {
  store: DriverStore;
  trip: TripView;
  typed: MoneyView | undefined;
  onAgreed: () => void;
}

export function AgreedFare({ store, trip, typed, onAgreed }: AgreedFareProps) {
  const currency = typed?.currency ?? trip.fare?.total.currency ?? 'USD';
  const [written, setWritten] = useState('');
  const minor = typed?.minor ?? minorUnits(written, currency);
  const agree = async () => {
    if (minor === null) return;
    await store.send({ t: 'agree_fare', trip: trip.trip, amount: minor, currency });
    onAgreed();
  };
  const amount = minor === null ? '' : money({ minor, currency });
  return (
    <>
      <div class="calm">
        <p>{typed === undefined ? text('fare.ask') : text('fare.typed')}</p>
        {typed === undefined ? (
          <Field label={`${text('fare.amount')} (${currency})`}>
            <input
              class="amount number"
              inputMode="decimal"
              autocomplete="off"
              value={written}
              onInput={(event) => setWritten(event.currentTarget.value)}
            />
          </Field>
        ) : (
          <p class="meter-fare number">{amount}</p>
        )}
      </div>
      <div class="actions">
        <AsyncButton kind="main" wide disabled={minor === null} onPress={agree}>
          {minor === null ? text('fare.confirm') : text('fare.agree', { amount })}
        </AsyncButton>
        <button type="button" class="button plain wide" onClick={() => store.leaveFare(trip.trip, false)}>
          {text('fare.later')}
        </button>
      </div>
    </>
  );
}
