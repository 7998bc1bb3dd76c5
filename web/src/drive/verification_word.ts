/** The word of the minute, kept fresh: the passenger's page shows the same one. */
import { useEffect, useState } from 'preact/hooks';
import type { Cab } from './driver_store';

export interface MinuteWord {
  en: string;
  zh: string;
  /** Wall time of the server, Unix seconds. */
  until: number;
}

/** Two clocks differ: it is asked for at least so often, and at most every second. */
const AT_LEAST_EVERY_S = 10;

export function nextAskMs(until: number, now: number): number {
  return Math.min(AT_LEAST_EVERY_S, Math.max(1, until - now + 0.2)) * 1000;
}

export function useMinuteWord(cab: Cab): MinuteWord | null {
  const [word, setWord] = useState<MinuteWord | null>(null);
  useEffect(() => {
    let timer = 0;
    let over = false;
    const learn = async () => {
      const answer = await cab.give({ t: 'word' }).catch(() => null);
      if (over) return;
      const told = (answer?.result ?? null) as MinuteWord | null;
      setWord(told);
      timer = window.setTimeout(learn, nextAskMs(told?.until ?? 0, Date.now() / 1000));
    };
    void learn();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [cab]);
  return word;
}
