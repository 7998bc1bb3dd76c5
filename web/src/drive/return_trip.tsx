/** A ride that does not take place: given back with a reason, or ended because nobody came. */
import { useState } from 'preact/hooks';
import { Action, Dialog, Field } from '../ui/controls';
import type { Cab } from './driver_store';
import { text } from './texts';

const REASONS = ['engine', 'traffic', 'unsafe', 'other'] as const;

interface Props {
  cab: Cab;
  trip: string;
  arrived: boolean;
  onClose: () => void;
}

export function GiveBack({ cab, trip, arrived, onClose }: Props) {
  const [reason, setReason] = useState<(typeof REASONS)[number]>('engine');
  const [other, setOther] = useState('');
  const said = reason === 'other' ? other.trim() : text(`give.${reason}`);
  const give = (why: string, noShow: boolean) =>
    cab.give({ t: 'give_back', trip, reason: why, no_show: noShow }).then(onClose);
  return (
    <Dialog title={text('give.title')} onClose={onClose}>
      <fieldset class="choices">
        <legend>{text('give.reason')}</legend>
        {REASONS.map((each) => (
          <label key={each}>
            <input type="radio" name="reason" checked={reason === each} onChange={() => setReason(each)} />
            {text(`give.${each}`)}
          </label>
        ))}
      </fieldset>
      {reason === 'other' && (
        <Field label={text('give.other_text')}>
          <input value={other} maxLength={100} onInput={(event) => setOther(event.currentTarget.value)} />
        </Field>
      )}
      <Action kind="bad" wide disabled={said === ''} act={() => give(said, false)}>
        {text('give.back')}
      </Action>
      <p class="quiet small">{text('give.say')}</p>
      {arrived && (
        <>
          <hr />
          <Action wide act={() => give(text('give.no_show'), true)}>
            {text('give.no_show')}
          </Action>
          <p class="quiet small">{text('give.no_show_say')}</p>
        </>
      )}
    </Dialog>
  );
}
