/** Alarms that wait for somebody, then those settled in the last day. */

import type { Alarm } from '../protocol/messages';
import { clockTime, span } from '../ui/formats';
import { isWaiting, subjectOf } from './alarm_board';
import { alarmWords } from './alarm_texts';
import { useWorkplace } from './console_state';
import { SHOWN } from './rows';
import { text } from './texts';
import { More } from './trip_list';

export function AlarmList() {
  const { desk } = useWorkplace();
  const waiting = desk.alarms.value.filter(isWaiting);
  const settled = desk.alarms.value.filter((alarm) => !isWaiting(alarm));
  return (
    <>
      {waiting.length === 0 && <p class="empty quiet">{text('alarms.none')}</p>}
      <ul class="alarms" aria-label={text('alarms.waiting')}>
        {waiting.slice(0, SHOWN).map((alarm) => (
          <WaitingAlarm key={alarm.alarm} alarm={alarm} />
        ))}
      </ul>
      <More all={waiting.length} />
      {settled.length > 0 && (
        <>
          <h2 class="list-head">{text('alarms.settled')}</h2>
          <ul class="alarms settled">
            {settled.slice(0, SHOWN).map((alarm) => (
              <li key={alarm.alarm} class="stack">
                <p>
                  {alarmWords(alarm).title} <span class="quiet small number">{clockTime(alarm.at)}</span>
                </p>
                <p class="quiet small">
                  {text('alarms.by', { who: alarm.settled_by ?? '', at: clockTime(alarm.settled_at ?? alarm.at) })}
                </p>
                {alarm.note && <p class="small">{alarm.note}</p>}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function WaitingAlarm({ alarm }: { alarm: Alarm }) {
  const workplace = useWorkplace();
  const { title, todo, details } = alarmWords(alarm);
  const subject = subjectOf(alarm);
  return (
    <li class="stack waiting">
      <p class="row spread">
        <strong>{title}</strong>
        <span class="number small">{text('alarms.ago', { age: span(workplace.desk.now.value - alarm.at) })}</span>
      </p>
      {todo !== '' && <p class="small">{todo}</p>}
      <p class="quiet small break">{details}</p>
      <div class="row">
        {subject !== null && (
          <button type="button" class="button small" onClick={() => workplace.choose(subject)}>
            {text(subject.kind === 'trip' ? 'alarms.open_trip' : 'alarms.open_car')}
          </button>
        )}
        <button
          type="button"
          class="button small"
          onClick={() => {
            workplace.act.value = { kind: 'settle_alarm', alarm };
          }}
        >
          {text('alarms.settle')}
        </button>
      </div>
    </li>
  );
}
