/** A message to all drivers, to the cars in view, or to one car. */
import { useState } from 'preact/hooks';
import { AsyncButton, Dialog, Field, showToast } from '../ui/controls';
import { useConsole } from './console_state';
import { text } from './i18n';

type To = 'one' | 'view' | 'all';
const MAX_VEHICLES = 500;

export function BroadcastDialog({ vehicle, close }: { vehicle?: string; close: () => void }) {
  const consoleState = useConsole();
  const { store } = consoleState;
  const chosen = vehicle ?? (store.chosen.value?.kind === 'car' ? store.chosen.value.id : undefined);
  const inView = consoleState.map.value?.carsInView() ?? [];
  const [to, setTo] = useState<To>(chosen === undefined ? 'all' : 'one');
  const [message, setMessage] = useState('');
  const counts: Record<To, string | null> = {
    one: chosen === undefined ? null : text('message.one', { car: store.fleet.value.get(chosen)?.plate ?? chosen }),
    view: inView.length === 0 || inView.length > MAX_VEHICLES ? null : text('message.view', { count: inView.length }),
    all: text('message.all'),
  };
  const send = async () => {
    const vehicles = to === 'all' ? [] : to === 'view' ? inView : chosen === undefined ? [] : [chosen];
    await store.send({ t: 'broadcast', text: message.trim(), vehicles });
    showToast(text('message.done'));
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
        <textarea rows={4} maxLength={300} value={message} onInput={(event) => setMessage(event.currentTarget.value)} />
      </Field>
      <p class="quiet small">{text('message.hint')}</p>
      <AsyncButton kind="main" wide disabled={message.trim() === ''} onPress={send}>
        {text('message.send')}
      </AsyncButton>
    </Dialog>
  );
}
