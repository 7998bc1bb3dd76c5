/** A car without a meter: the driver confirms what the passenger typed, or types what both agreed on. */
import { useState } from 'preact/hooks';
import type { MoneyView, TripView } from '../protocol/messages';
import { Action, Field } from '../ui/controls';
import { money } from '../ui/formats';
import { digitsOf, minorUnits } from './amount';
import type { Cab } from './driver_store';
import { text } from './texts';

interface Props {
  cab: Cab;
  trip: TripView;
  typed: MoneyView | undefined;
  onAgreed: () => void;
}

export function AgreedFare({ cab, trip, typed, onAgreed }: Props) {
  const currency = typed?.currency ?? trip.fare?.total.currency ?? 'USD';
  const [written, setWritten] = useState('');
  const minor = typed?.minor ?? minorUnits(written, digitsOf(currency));
  const agree = async () => {
    if (minor === null) return;
    await cab.give({ t: 'agree_fare', trip: trip.trip, amount: minor, currency });
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
        <Action kind="main" wide disabled={minor === null} act={agree}>
          {minor === null ? text('fare.confirm') : text('fare.agree', { amount })}
        </Action>
        <button type="button" class="button plain wide" onClick={() => cab.leaveFare(trip.trip, false)}>
          {text('fare.later')}
        </button>
      </div>
    </>
  );
}
