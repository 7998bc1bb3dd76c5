/** Keeps the screen on during a shift, and measures how long the page was in the background. */
import { signal } from '@preact/signals';

/** How long (ms) the page was last in the background during a shift; null if there is nothing to report. */
export const awayMs = signal<number | null>(null);
const REPORT_FROM_MS = 8_000;

let wanted = false;
let lock: WakeLockSentinel | null = null;
let hiddenAt = 0;

async function acquire(): Promise<void> {
  if (!wanted || document.visibilityState !== 'visible' || lock !== null || !('wakeLock' in navigator)) return;
  // The browser refuses the lock if the battery is low; the screen then turns off as usual.
  lock = await navigator.wakeLock.request('screen').catch(() => null);
  lock?.addEventListener('release', () => {
    lock = null;
  });
}

export function keepScreenOn(on: boolean): void {
  wanted = on;
  if (on) void acquire();
  else void lock?.release();
}

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') {
    hiddenAt = Date.now();
    return;
  }
  const away = Date.now() - hiddenAt;
  if (wanted && hiddenAt > 0 && away > REPORT_FROM_MS) awayMs.value = away;
  void acquire();
});
