/** The word of the minute that proves a payment: driver and passenger see the same one. */
import { useEffect, useState } from 'preact/hooks';
import { accepted } from '../client/command_result';
import type { Connection } from '../client/connection';

export interface VerificationWord {
  en: string;
  zh: string;
  /** Wall time of the server, Unix seconds. */
  until: number;
}

/** The clocks of server and device differ, so the word is requested at least this often, and at most every second. */
const AT_LEAST_EVERY_S = 10;

/** Delay until the next request, in milliseconds. */
export function nextRequestMs(until: number, now: number): number {
  return Math.min(AT_LEAST_EVERY_S, Math.max(1, until - now + 0.2)) * 1000;
}

/** The current word, null while it is unknown. */
export function useVerificationWord(connection: Connection): VerificationWord | null {
  const [word, setWord] = useState<VerificationWord | null>(null);
  useEffect(() => {
    let timer = 0;
    let stale = false;
    const load = async () => {
      const answer = await accepted(connection.command({ t: 'word' })).catch(() => null);
      if (stale) return;
      const next = (answer?.result ?? null) as VerificationWord | null;
      setWord(next);
      timer = window.setTimeout(load, nextRequestMs(next?.until ?? 0, Date.now() / 1000));
    };
    void load();
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [connection]);
  return word;
}
