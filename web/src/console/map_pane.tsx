/** The map with what lies on it: legend, switches of layers, and what is wrong with it. Loaded after the lists. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { CAR_COLOURS } from '../map/car_colours';
import { MAP_STATES } from '../protocol/tables';
import { named } from '../ui/words';
import { HEATS, type Heat, useWorkplace } from './console_state';
import type { Hovered } from './live_map';
import { StateDot } from './state_dot';
import { text } from './texts';

export function MapPane() {
  const workplace = useWorkplace();
  const holder = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState(false);
  const [hovered, setHovered] = useState<Hovered | null>(null);
  useEffect(() => {
    let open = true;
    import('./live_map').then(
      ({ LiveMap }) => {
        if (!open || holder.current === null) return;
        const map = new LiveMap(holder.current, workplace);
        map.onHover = setHovered;
        workplace.map.value = map;
      },
      () => setFailed(true),
    );
    return () => {
      open = false;
      workplace.map.value?.close();
      workplace.map.value = null;
    };
  }, [workplace]);
  return (
    <div class="map-pane">
      <div class="map" ref={holder} />
      {workplace.map.value === null && (
        <p class="map-word" role="status">
          {text(failed ? 'map.failed' : 'map.loading')}
        </p>
      )}
      <MapTrouble />
      <Layers />
      {hovered !== null && <Tip hovered={hovered} />}
    </div>
  );
}

/** Whatever makes the map's cars older than they look. */
function MapTrouble() {
  const { desk, pickPoint, replay } = useWorkplace();
  const lost = desk.link.lostSince.value !== null;
  const said =
    pickPoint.value !== null
      ? text('place.click_map')
      : replay.value !== null
        ? null
        : lost
          ? text('map.lost')
          : desk.mapStale.value
            ? text('map.stale')
            : null;
  return (
    <div class="map-said" role="status" aria-live="polite">
      {said !== null && <p class={pickPoint.value === null ? 'bad' : ''}>{said}</p>}
    </div>
  );
}

function Layers() {
  const workplace = useWorkplace();
  const { feed, heat, replay } = workplace;
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
              <StateDot state={name} /> {named('vehicle', name)} <span class="number">{count}</span>
            </li>
          );
        })}
        {feed.wide.value && replay.value === null && <li class="quiet">{text('map.counts')}</li>}
      </ul>
    </div>
  );
}

function Tip({ hovered }: { hovered: Hovered }) {
  const { desk, feed } = useWorkplace();
  const slot = feed.fleet.slotOf(hovered.vehicle);
  const state = slot === undefined ? undefined : MAP_STATES[feed.fleet.stateOf(slot)];
  return (
    <div class="tip" aria-hidden="true" style={{ left: `${hovered.x + 12}px`, top: `${hovered.y + 12}px` }}>
      <strong>{desk.fleet.value.get(hovered.vehicle)?.plate ?? hovered.vehicle}</strong>
      {state !== undefined && ` · ${named('vehicle', state)}`}
    </div>
  );
}
