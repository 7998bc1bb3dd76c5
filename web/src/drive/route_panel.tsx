/** The way to a place: on the map, in figures, and a press away from the phone's own navigation. */
import { effect } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Place } from '../protocol/messages';
import { distance, minutes } from '../ui/formats';
import { city } from './city';
import type { Cab } from './driver_store';
import { NavigateLinks, placeName } from './navigate_links';
import { type Found, findWay } from './route_finder';
import type { WayMap } from './route_map';
import { text } from './texts';

function Figures({ found }: { found: Found }) {
  if (found.state === 'no_gps') return <p class="quiet">{text('way.no_gps')}</p>;
  if (found.state === 'seeking') return <p class="quiet">{text('way.seek')}</p>;
  if (found.state === 'none') return <p class="quiet">{text('way.none')}</p>;
  const { left, way } = found;
  return (
    <>
      <p class="left number">{text('way.left', { distance: distance(left.meters), time: minutes(left.seconds) })}</p>
      {!way.byRoad && <p class="quiet small">{text('way.straight')}</p>}
    </>
  );
}

/** The map, once city and script are there; `blind` where this browser cannot draw it. */
function useWayMap(cab: Cab, target: Place, found: { value: Found }) {
  const holder = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<WayMap | null>(null);
  const [blind, setBlind] = useState(false);
  const facts = city.value;
  useEffect(() => {
    let gone = false;
    let made: WayMap | null = null;
    void import('./route_map')
      .then(({ WayMap }) => {
        if (gone || facts === null || holder.current === null) return;
        if (WayMap.possible()) {
          made = new WayMap(holder.current, facts, target, text('way.map', { place: placeName(target) }));
          setMap(made);
        } else setBlind(true);
      })
      .catch(() => setBlind(true));
    return () => {
      gone = true;
      made?.remove();
      setMap(null);
    };
  }, [facts, target.lat, target.lng]);
  useEffect(() => {
    if (map === null) return;
    return effect(() => map.show(found.value.state === 'found' ? found.value.way : null, cab.gps.here.value));
  }, [map, found, cab]);
  return { holder, map, blind };
}

export function WayPanel({ cab, target, title }: { cab: Cab; target: Place; title: string }) {
  const search = useMemo(() => findWay(cab, target), [cab, target.lat, target.lng]);
  useEffect(() => search.stop, [search]);
  const { holder, map, blind } = useWayMap(cab, target, search.found);
  return (
    <section class="way">
      <div class="way-words">
        <div class="grow">
          <p class="quiet small">{title}</p>
          <h1 class="big">{placeName(target)}</h1>
          <Figures found={search.found.value} />
        </div>
        <NavigateLinks place={target} />
      </div>
      {blind ? (
        <p class="quiet small">{text('way.no_map')}</p>
      ) : (
        <div class="way-map">
          <div ref={holder} class="fill" />
          <button type="button" class="button round" aria-label={text('way.center')} onClick={() => map?.frame()}>
            <svg
              viewBox="0 0 24 24"
              width="22"
              height="22"
              fill="none"
              stroke="currentColor"
              stroke-width="2"
              aria-hidden="true"
            >
              <circle cx="12" cy="12" r="5" />
              <path d="M12 2v4M12 18v4M2 12h4M18 12h4" />
            </svg>
          </button>
        </div>
      )}
    </section>
  );
}
