/** Somebody has looked at an alarm: what came of it. */
import { useState } from 'preact/hooks';
import { Action, Dialog, Field, say } from '../shell/controls';
import type { Alarm } from '../wire/messages';
import { alarmWords } from './alarm_words';
import { text } from './texts';
import { useWorkplace } from './workplace';

export function AlarmDialog({ alarm, close }: { alarm: Alarm; close: () => void }) {
  const { desk } = useWorkplace();
  const [note, setNote] = useState('');
  const { title, todo } = alarmWords(alarm);
  const settle = async () => {
    await desk.do({ t: 'settle_alarm', alarm: alarm.alarm, note: note.trim() });
    desk.settled({ ...alarm, settled_by: desk.name, settled_at: desk.link.clock.now(), note: note.trim() });
    say(text('alarms.done'));
    close();
  };
  return (
    <Dialog title={text('alarms.settle')} onClose={close}>
      <p>
        <strong>{title}</strong>
      </p>
      <p class="quiet">{todo}</p>
      <Field label={text('alarms.note')}>
        <textarea rows={3} maxLength={300} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
      </Field>
      <Action kind="main" wide act={settle}>
        {text('alarms.settle')}
      </Action>
    </Dialog>
  );
}
