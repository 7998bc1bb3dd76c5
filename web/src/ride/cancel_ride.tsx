/** Cancellation by the passenger; a fee is shown before the ride is cancelled. */
import { useState } from 'preact/hooks';
import { cancelTrip } from '../client/command_result';
import type { Connection } from '../client/connection';
import type { MoneyView, TripView } from '../protocol/messages';
import { AsyncButton, Dialog } from '../ui/controls';
import { money } from '../ui/formats';
import { text } from './i18n';

const REASONS = ['cancel_why_plans', 'cancel_why_wait', 'cancel_why_mistake', 'cancel_why_other'] as const;

export function CancelRide({ connection, trip }: { connection: Connection; trip: TripView }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button type="button" class="button plain wide" onClick={() => setIsOpen(true)}>
        {text('cancel_ride')}
      </button>
      {isOpen && <CancelDialog connection={connection} trip={trip.trip} onClose={() => setIsOpen(false)} />}
    </>
  );
}

interface CancelDialogProps {
  connection: Connection;
  trip: string;
  onClose: () => void;
}

function CancelDialog({ connection, trip, onClose }: CancelDialogProps) {
  const [reason, setReason] = useState<(typeof REASONS)[number]>('cancel_why_plans');
  const [fee, setFee] = useState<MoneyView | null>(null);
  const cancel = async () => {
    const newFee = await cancelTrip(connection, trip, text(reason), fee?.minor ?? 0);
    if (newFee === null) onClose();
    else setFee(newFee);
  };
  return (
    <Dialog title={text('cancel_title')} onClose={onClose}>
      <fieldset class="choice stack">
        <legend class="small quiet">{text('cancel_why')}</legend>
        {REASONS.map((each) => (
          <label key={each} class="row check">
            <input type="radio" name="why" checked={reason === each} onChange={() => setReason(each)} />
            <span>{text(each)}</span>
          </label>
        ))}
      </fieldset>
      <p role="alert" class={fee === null ? 'quiet small' : 'warn'}>
        {fee === null ? text('cancel_free_hint') : text('cancel_fee', { amount: money(fee) })}
      </p>
      <AsyncButton kind="bad" wide onPress={cancel}>
        {fee === null ? text('cancel_ride') : text('cancel_agree', { amount: money(fee) })}
      </AsyncButton>
      <button type="button" class="button wide" onClick={onClose}>
        {text('cancel_keep')}
      </button>
    </Dialog>
  );
}
