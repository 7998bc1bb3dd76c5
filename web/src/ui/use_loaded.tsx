/** Data that a component loads: its value, the error if loading failed, and a retry. */
import { useEffect, useState } from 'preact/hooks';
import { AsyncButton, ErrorNote } from './controls';
import { commonText } from './i18n';

export interface Loaded<T> {
  value?: T | undefined;
  error?: unknown;
  retry: () => void;
}

/** Loads when the component is mounted and whenever `inputs` change; the old value stays until the new one is there. */
export function useLoaded<T>(load: () => Promise<T>, inputs: readonly unknown[] = []): Loaded<T> {
  const [loaded, setLoaded] = useState<{ value?: T; error?: unknown }>({});
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let stale = false;
    setLoaded(({ value }) => ({ value }));
    load().then(
      (value) => !stale && setLoaded({ value }),
      (error: unknown) => !stale && setLoaded({ error }),
    );
    return () => {
      stale = true;
    };
  }, [...inputs, attempt]);
  return { ...loaded, retry: () => setAttempt(attempt + 1) };
}

/** The state of a load without a value: in progress, or failed with a button to retry. */
export function LoadState({ loaded: { error, retry } }: { loaded: Loaded<unknown> }) {
  if (error === undefined) {
    return (
      <p class="quiet" role="status" aria-busy="true">
        {commonText('loading')}
      </p>
    );
  }
  return (
    <div class="stack">
      <ErrorNote error={error} />
      <AsyncButton onPress={retry}>{commonText('action.retry')}</AsyncButton>
    </div>
  );
}
