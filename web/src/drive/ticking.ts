/** A component that is drawn again as time passes. */
import { useEffect, useState } from 'preact/hooks';

export function useTicking(everyMs: number): void {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}
