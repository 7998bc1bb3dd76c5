/** Above everything: the city's time, how many wait and drive, and what can be begun. */

import { MAP_STATES } from '../protocol/tables';
import { Preferences } from '../ui/controls';
import { clockSeconds } from '../ui/formats';
import { word } from '../ui/words';
import { isWaiting } from './alarm_board';
import { type Act, useWorkplace } from './console_state';
import { text } from './texts';
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
  const workplace = useWorkplace();
  const start = (act: Act) => {
    workplace.act.value = act;
  };
  return (
    <header class="top">
      <h1>
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span class="brand">{workplace.desk.city.title}</span>
      </h1>
      <Clock />
      <Figures />
      <nav class="starts" aria-label={text('nav.acts')}>
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
      <span class="who">
        <Preferences />
        <button type="button" class="button plain small" onClick={onLeave}>
          {word('action.sign_out')}
        </button>
      </span>
    </header>
  );
}

function Clock() {
  const { desk } = useWorkplace();
  const { speed } = desk.link.clock;
  return (
    <p class="clock number">
      <span class="hidden-text">{text('clock.city')} </span>
      {clockSeconds(desk.now.value)}
      {speed !== 1 && <span class="quiet small"> {text('clock.speed', { speed })}</span>}
    </p>
  );
}

function Figures() {
  const { desk, feed } = useWorkplace();
  void desk.tripsTurn.value;
  const waiting = desk.trips.group('waiting');
  const late = waiting.filter((trip) => isOverdue(trip, desk.now.value)).length;
  const alarms = desk.alarms.value.filter(isWaiting).length;
  return (
    <dl class="figures">
      <Figure name={text('figure.waiting')} value={waiting.length} bad={late > 0} />
      <Figure name={text('figure.open')} value={desk.trips.group('open').length} />
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
