/** Cancel, and hear what it costs before it is done. */
import { useState } from 'preact/hooks';
import type { MoneyView, TripView } from '../protocol/messages';
import { Action, Dialog } from '../ui/controls';
import { money } from '../ui/formats';
import type { Model } from './passenger_store';
import { text } from './text';

const REASONS = ['cancel_why_plans', 'cancel_why_wait', 'cancel_why_mistake', 'cancel_why_other'] as const;

export function CancelRide({ model, trip }: { model: Model; trip: TripView }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <button type="button" class="button plain wide" onClick={() => setAsking(true)}>
        {text('cancel_ride')}
      </button>
      {asking && <CancelDialog model={model} trip={trip.trip} onClose={() => setAsking(false)} />}
    </>
  );
}

function CancelDialog({ model, trip, onClose }: { model: Model; trip: string; onClose: () => void }) {
  const [reason, setReason] = useState<(typeof REASONS)[number]>('cancel_why_plans');
  const [fee, setFee] = useState<MoneyView | null>(null);
  const cancel = async () => {
    const answer = await model.cancel(trip, text(reason), fee?.minor ?? 0);
    if (answer.done) onClose();
    else setFee(answer.fee);
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
      <Action kind="bad" wide act={cancel}>
        {fee === null ? text('cancel_ride') : text('cancel_agree', { amount: money(fee) })}
      </Action>
      <button type="button" class="button wide" onClick={onClose}>
        {text('cancel_keep')}
      </button>
    </Dialog>
  );
}
