/** A message to drivers: to all, to the cars in view, or to one. */
import { useState } from 'preact/hooks';
import { Action, Dialog, Field, say } from '../ui/controls';
import { useWorkplace } from './console_state';
import { text } from './texts';

type To = 'one' | 'view' | 'all';
const MOST = 500;

export function BroadcastDialog({ vehicle, close }: { vehicle?: string; close: () => void }) {
  const workplace = useWorkplace();
  const { desk } = workplace;
  const chosen = vehicle ?? (desk.chosen.value?.kind === 'car' ? desk.chosen.value.id : undefined);
  const inView = workplace.map.value?.carsInView() ?? [];
  const [to, setTo] = useState<To>(chosen === undefined ? 'all' : 'one');
  const [words, setWords] = useState('');
  const counts: Record<To, string | null> = {
    one: chosen === undefined ? null : text('message.one', { car: desk.fleet.value.get(chosen)?.plate ?? chosen }),
    view: inView.length === 0 || inView.length > MOST ? null : text('message.view', { count: inView.length }),
    all: text('message.all'),
  };
  const send = async () => {
    const vehicles = to === 'all' ? [] : to === 'view' ? inView : chosen === undefined ? [] : [chosen];
    await desk.do({ t: 'broadcast', text: words.trim(), vehicles });
    say(text('message.done'));
    close();
  };
  return (
    <Dialog title={text('message.title')} onClose={close}>
      <fieldset class="choice">
        <legend>{text('message.to')}</legend>
        {(['one', 'view', 'all'] as const).map((each) => {
          const label = counts[each];
          return label === null ? null : (
            <label key={each}>
              <input type="radio" name="to" checked={to === each} onChange={() => setTo(each)} />
              {label}
            </label>
          );
        })}
      </fieldset>
      <Field label={text('message.text')}>
        <textarea rows={4} maxLength={300} value={words} onInput={(event) => setWords(event.currentTarget.value)} />
      </Field>
      <p class="quiet small">{text('message.away')}</p>
      <Action kind="main" wide disabled={words.trim() === ''} act={send}>
        {text('message.send')}
      </Action>
    </Dialog>
  );
}
