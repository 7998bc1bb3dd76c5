/** Open alarms, then those settled in the last day. */
import type { Alarm } from '../protocol/messages';
import { clockTime, duration } from '../ui/formats';
import { isUnsettled, subjectOf } from './alarm_board';
import { useConsole } from './console_state';
import { alarmText } from './fact_texts';
import { text } from './i18n';
import { MAX_ROWS } from './rows';
import { More } from './trip_list';

export function AlarmList() {
  const { store } = useConsole();
  const open = store.alarms.value.filter(isUnsettled);
  const settled = store.alarms.value.filter((alarm) => !isUnsettled(alarm));
  return (
    <>
      {open.length === 0 && <p class="empty quiet">{text('alarms.none')}</p>}
      <ul class="alarms" aria-label={text('alarms.open')}>
        {open.slice(0, MAX_ROWS).map((alarm) => (
          <OpenAlarm key={alarm.alarm} alarm={alarm} />
        ))}
      </ul>
      <More all={open.length} />
      {settled.length > 0 && (
        <>
          <h2 class="list-head">{text('alarms.settled')}</h2>
          <ul class="alarms settled">
            {settled.slice(0, MAX_ROWS).map((alarm) => (
              <li key={alarm.alarm} class="stack">
                <p>
                  {alarmText(alarm).title} <span class="quiet small number">{clockTime(alarm.at)}</span>
                </p>
                <p class="quiet small">
                  {text('alarms.by', { name: alarm.settled_by ?? '', at: clockTime(alarm.settled_at ?? alarm.at) })}
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

function OpenAlarm({ alarm }: { alarm: Alarm }) {
  const consoleState = useConsole();
  const { title, advice, details } = alarmText(alarm);
  const subject = subjectOf(alarm);
  return (
    <li class="stack waiting">
      <p class="row spread">
        <strong>{title}</strong>
        <span class="number small">
          {text('alarms.ago', { age: duration(consoleState.store.now.value - alarm.at) })}
        </span>
      </p>
      {advice !== '' && <p class="small">{advice}</p>}
      <p class="quiet small break">{details}</p>
      <div class="row">
        {subject !== null && (
          <button type="button" class="button small" onClick={() => consoleState.choose(subject)}>
            {text(subject.kind === 'trip' ? 'alarms.open_trip' : 'alarms.open_car')}
          </button>
        )}
        <button
          type="button"
          class="button small"
          onClick={() => {
            consoleState.action.value = { kind: 'settle_alarm', alarm };
          }}
        >
          {text('alarms.settle')}
        </button>
      </div>
    </li>
  );
}
