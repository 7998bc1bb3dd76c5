/** The driver returns a trip with a reason, or ends it because the passenger did not show up. */
import { useState } from 'preact/hooks';
import { AsyncButton, Dialog, Field } from '../ui/controls';
import type { DriverStore } from './driver_store';
import { text } from './i18n';

const REASONS = ['engine', 'traffic', 'unsafe', 'other'] as const;

interface Props {
  store: DriverStore;
  trip: string;
  arrived: boolean;
  onClose: () => void;
}

export function ReturnTrip({ store, trip, arrived, onClose }: Props) {
  const [reason, setReason] = useState<(typeof REASONS)[number]>('engine');
  const [other, setOther] = useState('');
  const reasonText = reason === 'other' ? other.trim() : text(`return.${reason}`);
  const giveBack = (why: string, noShow: boolean) =>
    store.send({ t: 'give_back', trip, reason: why, no_show: noShow }).then(onClose);
  return (
    <Dialog title={text('return.title')} onClose={onClose}>
      <fieldset class="choices">
        <legend>{text('return.reason')}</legend>
        {REASONS.map((each) => (
          <label key={each}>
            <input type="radio" name="reason" checked={reason === each} onChange={() => setReason(each)} />
            {text(`return.${each}`)}
          </label>
        ))}
      </fieldset>
      {reason === 'other' && (
        <Field label={text('return.other_text')}>
          <input value={other} maxLength={100} onInput={(event) => setOther(event.currentTarget.value)} />
        </Field>
      )}
      <AsyncButton kind="bad" wide disabled={reasonText === ''} onPress={() => giveBack(reasonText, false)}>
        {text('return.submit')}
      </AsyncButton>
      <p class="quiet small">{text('return.hint')}</p>
      {arrived && (
        <>
          <hr />
          <AsyncButton wide onPress={() => giveBack(text('return.no_show'), true)}>
            {text('return.no_show')}
          </AsyncButton>
          <p class="quiet small">{text('return.no_show_hint')}</p>
        </>
      )}
    </Dialog>
  );
}
