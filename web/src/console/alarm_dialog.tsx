/** Somebody has looked at an alarm: what came of it. */
import { useState } from 'preact/hooks';
import type { Alarm } from '../protocol/messages';
import { Action, Dialog, Field, say } from '../ui/controls';
import { alarmWords } from './alarm_texts';
import { useWorkplace } from './console_state';
import { text } from './texts';

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
