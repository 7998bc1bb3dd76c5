/** Drawing again while time passes, and the way by road as it is asked for. */
import { useEffect, useState } from 'preact/hooks';
import type { Place } from '../protocol/messages';
import type { Model, Way } from './passenger_store';

/** Draws the component again every `everyMs`, as long as `running`. */
export function useTicks(everyMs: number, running = true): void {
  const [, setCount] = useState(0);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setCount((count) => count + 1), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, running]);
}

const WAY_EVERY_MS = 15_000;

export interface KnownWay {
  way: Way;
  /** City time at which it was known. */
  at: number;
}

/** The way from a moving start to an end, asked for now and every 15 s; null where nobody knows one. */
export function useWay(model: Model, start: Place | undefined, end: Place | undefined): KnownWay | null {
  const [known, setKnown] = useState<KnownWay | null>(null);
  const [turn, setTurn] = useState(0);
  const started = start !== undefined;
  const ends = end === undefined ? '' : `${end.lat},${end.lng}`;
  useEffect(() => {
    if (start === undefined || end === undefined) return setKnown(null);
    let stale = false;
    model.way({ lat: start.lat, lng: start.lng }, { lat: end.lat, lng: end.lng }).then(
      (way) => !stale && setKnown({ way, at: model.link.clock.now() }),
      () => undefined,
    );
    const timer = setTimeout(() => setTurn(turn + 1), WAY_EVERY_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [model, started, ends, turn]);
  return known;
}
