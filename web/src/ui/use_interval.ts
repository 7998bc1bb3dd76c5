/** Timers of components. */
import { useEffect, useRef, useState } from 'preact/hooks';

/** Calls `run` every `everyMs` while the component is mounted. */
export function useInterval(run: () => void, everyMs: number): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const timer = setInterval(() => latest.current(), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}

/** Renders the component again every `everyMs`. */
export function useTicks(everyMs: number): void {
  const [, setTick] = useState(0);
  useInterval(() => setTick((tick) => tick + 1), everyMs);
}
