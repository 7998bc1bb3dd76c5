/** The whole screen: what stands above, the list, the map, and what is open beside it. */
import { useEffect } from 'preact/hooks';
import { canDraw } from '../map/webgl';
import { LinkBanner, say } from '../ui/controls';
import { complaint, word } from '../ui/words';
import { alarmWords } from './alarm_texts';
import { Acting } from './confirm_action';
import { useWorkplace } from './console_state';
import { Header } from './header';
import { Lists } from './lists';
import { MapPane } from './map_pane';
import { announceOverdue } from './overdue';
import { ReplayBar } from './replay_bar';
import { listenForShortcuts } from './shortcuts';
import { Beside } from './side_panel';
import { text } from './texts';

const drawn = canDraw();

export function Frame({ onLeave, onUseHere }: { onLeave: () => void; onUseHere: () => void }) {
  const workplace = useWorkplace();
  const { desk } = workplace;
  useEffect(() => {
    desk.onNewAlarm = (alarm) => {
      const told = text('alarm.new', { what: alarmWords(alarm).title });
      workplace.announce(told);
      say(told, 10_000);
    };
    const stops = [listenForShortcuts(workplace), announceOverdue(workplace)];
    return () => {
      for (const stop of stops) stop();
    };
  }, [workplace, desk]);
  const past = workplace.replay.value !== null;
  return (
    <div class={`frame ${past ? 'past' : ''}`} data-side={workplace.side.value}>
      <Header onLeave={onLeave} />
      <LinkBanner link={desk.link} onSignIn={onLeave} onUseHere={onUseHere} />
      <Trouble />
      {past && <ReplayBar />}
      <div class="work">
        <Lists />
        <main class="ground" aria-label={text('map.region')}>
          {drawn ? <MapPane /> : <NoMap />}
        </main>
        <Beside />
      </div>
      <Acting />
      <div class="hidden-text" role="alert" aria-live="assertive">
        {workplace.announced.value}
      </div>
    </div>
  );
}

function Trouble() {
  const { desk } = useWorkplace();
  const trouble = desk.trouble.value;
  if (trouble === null) return null;
  return (
    <div class="banner bad" role="alert">
      <span>{text('lists.trouble', { what: complaint(trouble) })}</span>
      <button type="button" class="button small" onClick={() => desk.arrived()}>
        {word('action.retry')}
      </button>
    </div>
  );
}

/** Without WebGL the lists do all that the map does; the cars of the whole city are heard all the same. */
function NoMap() {
  const { desk, feed } = useWorkplace();
  useEffect(() => {
    const [south, west, north, east] = desk.city.box ?? around(desk.city.center);
    feed.look({ south, west, north, east });
    const timer = setInterval(() => feed.fleet.move(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [desk, feed]);
  return (
    <div class="no-map stack">
      <h2>{text('map.none')}</h2>
      <p class="quiet">{text('map.none_why')}</p>
    </div>
  );
}

function around([lat, lng]: [number, number]): [number, number, number, number] {
  return [lat - 0.1, lng - 0.12, lat + 0.1, lng + 0.12];
}
