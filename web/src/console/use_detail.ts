/** The detail of a car or trip, read again whenever its stream reports an event. */
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '../client/http';
import type { Loaded } from '../ui/use_loaded';
import { useConsole } from './console_state';

/** Events that follow each other within this time cause one read. */
const PAUSE_MS = 250;

export function useDetail<T>(path: string, stream: string): Loaded<T> {
  const { store } = useConsole();
  const [value, setValue] = useState<T | undefined>();
  const [error, setError] = useState<unknown>();
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let stale = false;
    let timer = 0;
    const read = () => {
      store.read<T>(path).then(
        (answer) => {
          if (stale) return;
          setValue(answer);
          setError(undefined);
        },
        (thrown) => !stale && setError(thrown),
      );
    };
    const stop = store.subscribe(stream, () => {
      clearTimeout(timer);
      timer = window.setTimeout(read, PAUSE_MS);
    });
    read();
    return () => {
      stale = true;
      clearTimeout(timer);
      stop();
    };
  }, [store, path, stream, turn]);
  const isOutdated = error instanceof ApiError && value !== undefined;
  return { value, error: isOutdated ? undefined : error, retry: () => setTurn(turn + 1) };
}
