/** The way to where the driver has to go: asked for once, and again when the car has left it. */
import { effect, type Signal, signal } from '@preact/signals';
import { Refusal } from '../client/http';
import type { Place } from '../protocol/messages';
import type { Cab } from './driver_store';
import { type Progress, progress, type Way } from './route';

export type Found =
  | { state: 'no_gps' }
  | { state: 'seeking' }
  | { state: 'none' }
  | { state: 'found'; way: Way; left: Progress };

/** So far from the line the car is on another way. */
const OFF_M = 150;
const AGAIN_MS = 15_000;

interface RouteResult {
  points: [number, number][];
  meters: number;
  seconds: number;
  by_road: boolean;
}

/** Follows the car until `stop`. */
export function findWay(cab: Cab, target: Place): { found: Signal<Found>; stop: () => void } {
  const found = signal<Found>({ state: 'no_gps' });
  let way: Way | null = null;
  let askedMs = 0;
  let stopped = false;

  const seek = async (lat: number, lng: number) => {
    askedMs = Date.now();
    try {
      const { result } = await cab.give({ t: 'route', start: { lat, lng }, end: target });
      const { points, meters, seconds, by_road } = result as unknown as RouteResult;
      way = { points, meters, seconds, byRoad: by_road };
      if (!stopped) found.value = { state: 'found', way, left: progress(way, [lat, lng]) };
    } catch (error) {
      if (way === null && error instanceof Refusal && !stopped) found.value = { state: 'none' };
    }
  };

  const stop = effect(() => {
    const here = cab.gps.here.value;
    if (here === null) return;
    const left = way === null ? null : progress(way, [here.lat, here.lng]);
    if (way !== null && left !== null) found.value = { state: 'found', way, left };
    const lost = left === null || left.off > OFF_M;
    if (lost && Date.now() - askedMs > AGAIN_MS) {
      if (way === null && found.peek().state === 'no_gps') found.value = { state: 'seeking' };
      void seek(here.lat, here.lng);
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
