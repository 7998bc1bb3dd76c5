/** Settles an alarm with a note. */
import { useState } from 'preact/hooks';
import type { Alarm } from '../protocol/messages';
import { AsyncButton, Dialog, Field, showToast } from '../ui/controls';
import { useConsole } from './console_state';
import { alarmText } from './fact_texts';
import { text } from './i18n';

export function AlarmDialog({ alarm, close }: { alarm: Alarm; close: () => void }) {
  const { store } = useConsole();
  const [note, setNote] = useState('');
  const { title, advice } = alarmText(alarm);
  const settle = async () => {
    await store.send({ t: 'settle_alarm', alarm: alarm.alarm, note: note.trim() });
    store.markSettled({
      ...alarm,
      settled_by: store.name,
      settled_at: store.connection.clock.now(),
      note: note.trim(),
    });
    showToast(text('alarms.done'));
    close();
  };
  return (
    <Dialog title={text('alarms.settle')} onClose={close}>
      <p>
        <strong>{title}</strong>
      </p>
      <p class="quiet">{advice}</p>
      <Field label={text('alarms.note')}>
        <textarea rows={3} maxLength={300} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
      </Field>
      <AsyncButton kind="main" wide onPress={settle}>
        {text('alarms.settle')}
      </AsyncButton>
    </Dialog>
  );
}
