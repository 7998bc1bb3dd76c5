/** A reason, typed or chosen from the usual ones. */
import { Field } from '../ui/controls';
import { text } from './i18n';

interface ReasonProps {
  reason: string;
  onReason: (reason: string) => void;
  usual: readonly string[];
}

export function ReasonField({ reason, onReason, usual }: ReasonProps) {
  return (
    <>
      <Field label={text('reason')}>
        <input
          required
          maxLength={100}
          value={reason}
          list="usual-reasons"
          onInput={(event) => onReason(event.currentTarget.value)}
        />
      </Field>
      <datalist id="usual-reasons">
        {usual.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </>
  );
}
