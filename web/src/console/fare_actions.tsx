/** Refund of a fare, or settlement outside of the system. Both need a permission. */
import { useState } from 'preact/hooks';
import { ApiError } from '../client/http';
import type { Accepted } from '../protocol/messages';
import { minorUnits } from '../ui/amount';
import { AsyncButton, Dialog, Field, showToast } from '../ui/controls';
import { money } from '../ui/formats';
import { useConsole } from './console_state';
import { text } from './i18n';
import { ReasonField } from './reason_field';

const NOT_PERMITTED = 2002;

/** Explains the missing permission. Throws `ApiError`. */
async function permitted(answer: Promise<Accepted>): Promise<void> {
  await answer.catch((error) => {
    if (!(error instanceof ApiError && error.code === NOT_PERMITTED)) throw error;
    throw new ApiError(error.code, text('fare.not_permitted'), false);
  });
}

export function RefundDialog({ trip, close }: { trip: string; close: () => void }) {
  const { store } = useConsole();
  const [reason, setReason] = useState('');
  const [part, setPart] = useState('');
  const total = store.trips.get(trip)?.fare?.total;
  const minor = total === undefined ? null : minorUnits(part, total.currency);
  const amount = total === undefined || minor === null ? null : { minor, currency: total.currency };
  const refund = async () => {
    const some = amount === null ? {} : { amount: amount.minor, currency: amount.currency };
    await permitted(store.send({ t: 'refund', trip, reason: reason.trim(), ...some }));
    showToast(text('refund.done'));
    close();
  };
  return (
    <Dialog title={text('refund.title')} onClose={close}>
      {total !== undefined && <p class="quiet">{text('refund.paid', { amount: money(total) })}</p>}
      <Field label={text('refund.amount')}>
        <input inputMode="decimal" value={part} onInput={(event) => setPart(event.currentTarget.value)} />
      </Field>
      <ReasonField
        reason={reason}
        onReason={setReason}
        usual={[text('refund.complaint'), text('refund.wrong_fare'), text('refund.paid_twice')]}
      />
      <AsyncButton
        kind="bad"
        wide
        disabled={reason.trim() === '' || (part.trim() !== '' && amount === null)}
        onPress={refund}
      >
        {amount === null ? text('refund.all') : text('refund.some', { amount: money(amount) })}
      </AsyncButton>
    </Dialog>
  );
}

export function SettleDialog({ trip, close }: { trip: string; close: () => void }) {
  const { store } = useConsole();
  const [reason, setReason] = useState('');
  const settle = async () => {
    await permitted(store.send({ t: 'settle', trip, reason: reason.trim() }));
    showToast(text('settle.done'));
    close();
  };
  return (
    <Dialog title={text('settle.title')} onClose={close}>
      <p class="quiet">{text('settle.hint')}</p>
      <ReasonField reason={reason} onReason={setReason} usual={[text('settle.office'), text('settle.written_off')]} />
      <AsyncButton kind="bad" wide disabled={reason.trim() === ''} onPress={settle}>
        {text('action.settle')}
      </AsyncButton>
    </Dialog>
  );
}
