/** The header: city time, figures and the buttons that start an action. */
import { MAP_STATES } from '../protocol/tables';
import { Preferences } from '../ui/controls';
import { clockSeconds } from '../ui/formats';
import { commonText } from '../ui/i18n';
import { isUnsettled } from './alarm_board';
import { type ConsoleAction, useConsole } from './console_state';
import { text } from './i18n';
import { isOverdue } from './trip_board';

const IDLE = MAP_STATES.indexOf('idle');

const STARTS: readonly { kind: 'book' | 'search' | 'broadcast' | 'replay' | 'help'; key: string }[] = [
  { kind: 'book', key: 'b' },
  { kind: 'search', key: '/' },
  { kind: 'broadcast', key: 'm' },
  { kind: 'replay', key: 'r' },
  { kind: 'help', key: '?' },
];

export function Header({ onLeave }: { onLeave: () => void }) {
  const consoleState = useConsole();
  const start = (action: ConsoleAction) => {
    consoleState.action.value = action;
  };
  return (
    <header class="top">
      <h1>
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span class="brand">{consoleState.store.city.title}</span>
      </h1>
      <Clock />
      <Figures />
      <nav class="starts" aria-label={text('nav.actions')}>
        {STARTS.map(({ kind, key }) => (
          <button
            key={kind}
            type="button"
            class={`button small ${kind === 'book' ? 'main' : ''}`}
            aria-keyshortcuts={key}
            onClick={() => start({ kind })}
          >
            {text(`start.${kind}`)}
          </button>
        ))}
      </nav>
      <span class="account">
        <Preferences />
        <button type="button" class="button plain small" onClick={onLeave}>
          {commonText('action.sign_out')}
        </button>
      </span>
    </header>
  );
}

function Clock() {
  const { store } = useConsole();
  const { speed } = store.connection.clock;
  return (
    <p class="clock number">
      <span class="hidden-text">{text('clock.city')} </span>
      {clockSeconds(store.now.value)}
      {speed !== 1 && <span class="quiet small"> {text('clock.speed', { speed })}</span>}
    </p>
  );
}

function Figures() {
  const { store, feed } = useConsole();
  void store.tripsVersion.value;
  const waiting = store.trips.group('waiting');
  const late = waiting.filter((trip) => isOverdue(trip, store.now.value)).length;
  const alarms = store.alarms.value.filter(isUnsettled).length;
  return (
    <dl class="figures">
      <Figure name={text('figure.waiting')} value={waiting.length} bad={late > 0} />
      <Figure name={text('figure.open')} value={store.trips.group('open').length} />
      <Figure name={text('figure.free')} value={feed.cityTotals.value[IDLE] ?? 0} />
      <Figure name={text('figure.alarms')} value={alarms} bad={alarms > 0} />
    </dl>
  );
}

function Figure({ name, value, bad = false }: { name: string; value: number; bad?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={`number ${bad ? 'bad-figure' : ''}`}>{value}</dd>
    </div>
  );
}
