/** A trip is cancelled for somebody: first without a fee; where there is one, it is said before it is agreed to. */
import { useState } from 'preact/hooks';
import { Refusal } from '../client/http';
import type { MoneyView } from '../protocol/messages';
import { Action, Dialog, say } from '../ui/controls';
import { money } from '../ui/formats';
import { useWorkplace } from './console_state';
import { ReasonField } from './reason_field';
import { text } from './texts';
import { placeWords } from './trip_texts';

const FEE_TO_AGREE = 4010;

export function CancelDialog({ trip, close }: { trip: string; close: () => void }) {
  const { desk } = useWorkplace();
  const [reason, setReason] = useState('');
  const [fee, setFee] = useState<MoneyView | null>(null);
  const view = desk.trips.get(trip);
  const cancel = async () => {
    const words = reason.trim();
    const settled = await desk.link.command({ t: 'cancel', trip, reason: words, fee_up_to: fee?.minor ?? 0 });
    if (settled.ok) {
      say(text('cancel.done'));
      close();
      return;
    }
    const { rejected } = settled;
    if (rejected.code !== FEE_TO_AGREE || rejected.amount == null) {
      throw new Refusal(rejected.code, rejected.text, rejected.retryable, rejected.field);
    }
    setFee(rejected.amount);
  };
  return (
    <Dialog title={text('cancel.title')} onClose={close}>
      <p class="quiet">{placeWords(view?.pickup)}</p>
      <ReasonField
        reason={reason}
        onReason={setReason}
        usual={[
          text('cancel.changed_mind'),
          text('cancel.no_answer'),
          text('cancel.too_long'),
          text('cancel.by_mistake'),
        ]}
      />
      {fee !== null && (
        <p class="card" role="alert">
          {text('cancel.fee', { fee: money(fee) })}
        </p>
      )}
      <Action kind="bad" wide disabled={reason.trim() === ''} act={cancel}>
        {fee === null ? text('act.cancel') : text('cancel.with_fee', { fee: money(fee) })}
      </Action>
    </Dialog>
  );
}
