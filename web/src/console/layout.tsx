/** The whole screen: header, lists, map and side panel. */
import { useEffect } from 'preact/hooks';
import { canDrawMap } from '../map/webgl';
import { ConnectionBanner, showToast } from '../ui/controls';
import { commonText, errorText } from '../ui/i18n';
import { useInterval } from '../ui/use_interval';
import { ConfirmAction } from './confirm_action';
import { useConsole } from './console_state';
import { alarmText } from './fact_texts';
import { Header } from './header';
import { text } from './i18n';
import { Lists } from './lists';
import { MapPane } from './map_pane';
import { announceOverdue } from './overdue';
import { ReplayBar } from './replay_bar';
import { listenForShortcuts } from './shortcuts';
import { SidePanel } from './side_panel';

const hasMap = canDrawMap();

export function Layout({ onLeave, onUseHere }: { onLeave: () => void; onUseHere: () => void }) {
  const consoleState = useConsole();
  const { store } = consoleState;
  useEffect(() => {
    store.onNewAlarm = (alarm) => {
      const message = text('alarm.new', { what: alarmText(alarm).title });
      consoleState.announce(message);
      showToast(message, 10_000);
    };
    const stops = [listenForShortcuts(consoleState), announceOverdue(consoleState)];
    return () => {
      for (const stop of stops) stop();
    };
  }, [consoleState, store]);
  const past = consoleState.replay.value !== null;
  return (
    <div class={`frame ${past ? 'past' : ''}`} data-side={consoleState.side.value}>
      <Header onLeave={onLeave} />
      <ConnectionBanner connection={store.connection} onSignIn={onLeave} onUseHere={onUseHere} />
      <ReadError />
      {past && <ReplayBar />}
      <div class="work">
        <Lists />
        <main class="ground" aria-label={text('map.region')}>
          {hasMap ? <MapPane /> : <NoMap />}
        </main>
        <SidePanel />
      </div>
      <ConfirmAction />
      <div class="hidden-text" role="alert" aria-live="assertive">
        {consoleState.announced.value}
      </div>
    </div>
  );
}

function ReadError() {
  const { store } = useConsole();
  const error = store.readError.value;
  if (error === null) return null;
  return (
    <div class="banner bad" role="alert">
      <span>{text('lists.error', { what: errorText(error) })}</span>
      <button type="button" class="button small" onClick={() => store.reload()}>
        {commonText('action.retry')}
      </button>
    </div>
  );
}

/** Shown without WebGL: the lists offer all actions of the map, and positions of the whole city are received anyway. */
function NoMap() {
  const { store, feed } = useConsole();
  useEffect(() => {
    const [south, west, north, east] = store.city.box ?? around(store.city.center);
    feed.watch({ south, west, north, east });
  }, [store, feed]);
  useInterval(() => feed.fleet.move(Date.now()), 1000);
  return (
    <div class="no-map stack">
      <h2>{text('map.none')}</h2>
      <p class="quiet">{text('map.none_reason')}</p>
    </div>
  );
}

function around([lat, lng]: [number, number]): [number, number, number, number] {
  return [lat - 0.1, lng - 0.12, lat + 0.1, lng + 0.12];
}
