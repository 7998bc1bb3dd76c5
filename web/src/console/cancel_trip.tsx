/** Cancellation by a dispatcher; a fee is shown before the trip is cancelled. */
import { useState } from 'preact/hooks';
import { cancelTrip } from '../client/command_result';
import type { MoneyView } from '../protocol/messages';
import { AsyncButton, Dialog, showToast } from '../ui/controls';
import { money } from '../ui/formats';
import { useConsole } from './console_state';
import { text } from './i18n';
import { ReasonField } from './reason_field';
import { placeName } from './texts';

export function CancelDialog({ trip, close }: { trip: string; close: () => void }) {
  const { store } = useConsole();
  const [reason, setReason] = useState('');
  const [fee, setFee] = useState<MoneyView | null>(null);
  const cancel = async () => {
    const newFee = await cancelTrip(store.connection, trip, reason.trim(), fee?.minor ?? 0);
    if (newFee !== null) return setFee(newFee);
    showToast(text('cancel.done'));
    close();
  };
  const usual = ['cancel.changed_mind', 'cancel.no_answer', 'cancel.too_long', 'cancel.by_mistake'] as const;
  return (
    <Dialog title={text('cancel.title')} onClose={close}>
      <p class="quiet">{placeName(store.trips.get(trip)?.pickup)}</p>
      <ReasonField reason={reason} onReason={setReason} usual={usual.map((key) => text(key))} />
      {fee !== null && (
        <p class="card" role="alert">
          {text('cancel.fee', { fee: money(fee) })}
        </p>
      )}
      <AsyncButton kind="bad" wide disabled={reason.trim() === ''} onPress={cancel}>
        {fee === null ? text('action.cancel') : text('cancel.with_fee', { fee: money(fee) })}
      </AsyncButton>
    </Dialog>
  );
}
