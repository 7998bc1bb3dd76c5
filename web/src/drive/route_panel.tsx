/** The route to a place: on the map, in figures, and with links to navigation apps. */
import { effect } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { canDrawMap } from '../map/webgl';
import type { Place } from '../protocol/messages';
import { city } from '../ui/city';
import { distance, minutes } from '../ui/formats';
import { placeText } from '../ui/place_search';
import type { DriverStore } from './driver_store';
import { text } from './i18n';
import { NavigateLinks } from './navigate_links';
import { type FoundRoute, trackRoute } from './route_finder';
import type { RouteMap } from './route_map';

function Figures({ found }: { found: FoundRoute }) {
  if (found.state !== 'found') return <p class="quiet">{text(`route.${found.state}`)}</p>;
  const { left, route } = found;
  return (
    <>
      <p class="left number">{text('route.left', { distance: distance(left.meters), time: minutes(left.seconds) })}</p>
      {!route.by_road && <p class="quiet small">{text('route.straight')}</p>}
    </>
  );
}

/** The map, once city and script are loaded; `noMap` if this browser cannot draw it. */
function useRouteMap(store: DriverStore, target: Place, found: { value: FoundRoute }) {
  const holder = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<RouteMap | null>(null);
  const [noMap, setNoMap] = useState(() => !canDrawMap());
  const facts = city.value;
  useEffect(() => {
    if (noMap) return;
    let gone = false;
    let opened: RouteMap | null = null;
    void import('./route_map')
      .then(({ RouteMap }) => {
        if (gone || facts === null || holder.current === null) return;
        opened = new RouteMap(holder.current, facts, target, text('route.map', { place: placeText(target) }));
        setMap(opened);
      })
      .catch(() => setNoMap(true));
    return () => {
      gone = true;
      opened?.remove();
      setMap(null);
    };
  }, [facts, target.lat, target.lng]);
  useEffect(() => {
    if (map === null) return;
    return effect(() => map.show(found.value.state === 'found' ? found.value.route : null, store.gps.here.value));
  }, [map, found, store]);
  return { holder, map, noMap };
}

export function RoutePanel({ store, target, title }: { store: DriverStore; target: Place; title: string }) {
  const tracking = useMemo(() => trackRoute(store, target), [store, target.lat, target.lng]);
  useEffect(() => tracking.stop, [tracking]);
  const { holder, map, noMap } = useRouteMap(store, target, tracking.found);
  return (
    <section class="route">
      <div class="route-text">
        <div class="grow">
          <p class="quiet small">{title}</p>
          <h1 class="big">{placeText(target)}</h1>
          <Figures found={tracking.found.value} />
        </div>
        <NavigateLinks place={target} />
      </div>
      {noMap ? (
        <p class="quiet small">{text('route.no_map')}</p>
      ) : (
        <div class="route-map">
          <div ref={holder} class="fill" />
          <button type="button" class="button round" aria-label={text('route.center')} onClick={() => map?.frame()}>
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
