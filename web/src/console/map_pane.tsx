/** The map with its legend, the choice of layers and warnings. Loaded after the lists. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { CAR_COLOURS } from '../map/car_colours';
import { MAP_STATES } from '../protocol/tables';
import { wireText } from '../ui/i18n';
import { HEATS, type Heat, useConsole } from './console_state';
import { text } from './i18n';
import type { Hovered } from './live_map';
import { StateDot } from './state_dot';

export function MapPane() {
  const consoleState = useConsole();
  const holder = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState(false);
  const [hovered, setHovered] = useState<Hovered | null>(null);
  useEffect(() => {
    let open = true;
    import('./live_map').then(
      ({ LiveMap }) => {
        if (!open || holder.current === null) return;
        const map = new LiveMap(holder.current, consoleState);
        map.onHover = setHovered;
        consoleState.map.value = map;
      },
      () => setFailed(true),
    );
    return () => {
      open = false;
      consoleState.map.value?.close();
      consoleState.map.value = null;
    };
  }, [consoleState]);
  return (
    <div class="map-pane">
      <div class="map" ref={holder} />
      {consoleState.map.value === null && (
        <p class="map-note" role="status">
          {text(failed ? 'map.failed' : 'map.loading')}
        </p>
      )}
      <MapTrouble />
      <Layers />
      {hovered !== null && <Tip hovered={hovered} />}
    </div>
  );
}

/** A hint while a point is chosen, or why the positions on the map are outdated. */
function MapTrouble() {
  const { store, pickPoint, replay } = useConsole();
  const lost = store.connection.lostSince.value !== null;
  const message =
    pickPoint.value !== null
      ? text('place.click_map')
      : replay.value !== null
        ? null
        : lost
          ? text('map.lost')
          : store.mapStale.value
            ? text('map.stale')
            : null;
  return (
    <div class="map-warning" role="status" aria-live="polite">
      {message !== null && <p class={pickPoint.value === null ? 'bad' : ''}>{message}</p>}
    </div>
  );
}

function Layers() {
  const consoleState = useConsole();
  const { feed, heat, replay } = consoleState;
  const totals = replay.value === null ? feed.totals.value : replay.value.totals.value;
  return (
    <div class="legend">
      {replay.value === null && (
        <label class="small">
          {text('heat.layer')}{' '}
          <select
            value={heat.value}
            aria-keyshortcuts="h"
            onChange={(event) => {
              heat.value = event.currentTarget.value as Heat;
            }}
          >
            {HEATS.map((each) => (
              <option key={each} value={each}>
                {text(`heat.${each}`)}
              </option>
            ))}
          </select>
        </label>
      )}
      <ul aria-label={text('legend.cars')}>
        {CAR_COLOURS.light.map((_, state) => {
          const name = MAP_STATES[state] ?? 'offline';
          const count = totals[state] ?? 0;
          if (count === 0) return null;
          return (
            <li key={name}>
              <StateDot state={name} /> {wireText('vehicle', name)} <span class="number">{count}</span>
            </li>
          );
        })}
        {feed.wide.value && replay.value === null && <li class="quiet">{text('map.counts')}</li>}
      </ul>
    </div>
  );
}

function Tip({ hovered }: { hovered: Hovered }) {
  const { store, feed } = useConsole();
  const slot = feed.fleet.slotOf(hovered.vehicle);
  const state = slot === undefined ? undefined : MAP_STATES[feed.fleet.stateOf(slot)];
  return (
    <div class="tip" aria-hidden="true" style={{ left: `${hovered.x + 12}px`, top: `${hovered.y + 12}px` }}>
      <strong>{store.fleet.value.get(hovered.vehicle)?.plate ?? hovered.vehicle}</strong>
      {state !== undefined && ` · ${wireText('vehicle', state)}`}
    </div>
  );
}
