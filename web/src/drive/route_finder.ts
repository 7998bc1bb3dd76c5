/** The route from the car to a place, requested once, and again when the car has left it. */
import { effect, type Signal, signal } from '@preact/signals';
import { type Route, route } from '../client/command_result';
import { ApiError } from '../client/http';
import type { Place } from '../protocol/messages';
import type { DriverStore } from './driver_store';
import { type Progress, progress } from './route';

export type FoundRoute =
  | { state: 'no_gps' }
  | { state: 'searching' }
  | { state: 'none' }
  | { state: 'found'; route: Route; left: Progress };

/** At this distance from the route the car has left it. */
const OFF_ROUTE_M = 150;
const RETRY_MS = 15_000;

/** Keeps the route to `target` current until `stop` is called. */
export function trackRoute(store: DriverStore, target: Place): { found: Signal<FoundRoute>; stop: () => void } {
  const found = signal<FoundRoute>({ state: 'no_gps' });
  let known: Route | null = null;
  let requestedMs = 0;
  let stopped = false;

  const search = async (lat: number, lng: number) => {
    requestedMs = Date.now();
    try {
      known = await route(store.connection, { lat, lng }, target);
      if (!stopped) found.value = { state: 'found', route: known, left: progress(known, { lat, lng }) };
    } catch (error) {
      if (known === null && error instanceof ApiError && !stopped) found.value = { state: 'none' };
    }
  };

  const stop = effect(() => {
    const here = store.gps.here.value;
    if (here === null) return;
    const left = known === null ? null : progress(known, here);
    if (known !== null && left !== null) found.value = { state: 'found', route: known, left };
    const needsRoute = left === null || left.offset > OFF_ROUTE_M;
    if (needsRoute && Date.now() - requestedMs > RETRY_MS) {
      if (known === null && found.peek().state === 'no_gps') found.value = { state: 'searching' };
      void search(here.lat, here.lng);
    }
  });
  return {
    found,
    stop: () => {
      stopped = true;
      stop();
    },
  };
}
