/** The route from a moving start to an end. */
import { useEffect, useState } from 'preact/hooks';
import { type Route, route } from '../client/command_result';
import type { Place } from '../protocol/messages';
import type { PassengerStore } from './passenger_store';

const REFRESH_MS = 15_000;

export interface KnownRoute {
  route: Route;
  /** City time of the answer. */
  at: number;
}

/** The route, requested now and every 15 s; null while no route is known. */
export function useRoute(store: PassengerStore, start: Place | undefined, end: Place | undefined): KnownRoute | null {
  const [known, setKnown] = useState<KnownRoute | null>(null);
  const [turn, setTurn] = useState(0);
  const hasStart = start !== undefined;
  const target = end === undefined ? '' : `${end.lat},${end.lng}`;
  useEffect(() => {
    if (start === undefined || end === undefined) return setKnown(null);
    const { connection } = store;
    let stale = false;
    route(connection, { lat: start.lat, lng: start.lng }, { lat: end.lat, lng: end.lng }).then(
      (found) => !stale && setKnown({ route: found, at: connection.clock.now() }),
      () => undefined,
    );
    const timer = setTimeout(() => setTurn(turn + 1), REFRESH_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [store, hasStart, target, turn]);
  return known;
}
