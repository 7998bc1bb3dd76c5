/** The screen stays on during the shift, and the driver is told how long the app was out of sight. */
import { signal } from '@preact/signals';

/** For how long (ms) the page was last in the background during a shift; null: nothing to tell. */
export const awayMs = signal<number | null>(null);
const WORTH_TELLING_MS = 8_000;

let wanted = false;
let lock: WakeLockSentinel | null = null;
let hiddenAt = 0;

async function take(): Promise<void> {
  if (!wanted || document.visibilityState !== 'visible' || lock !== null || !('wakeLock' in navigator)) return;
  // Refused where the battery is low: the screen then turns off as always.
  lock = await navigator.wakeLock.request('screen').catch(() => null);
  lock?.addEventListener('release', () => {
    lock = null;
  });
}

export function stayAwake(on: boolean): void {
  wanted = on;
  if (on) void take();
  else void lock?.release();
}

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'hidden') {
    hiddenAt = Date.now();
    return;
  }
  const away = Date.now() - hiddenAt;
  if (wanted && hiddenAt > 0 && away > WORTH_TELLING_MS) awayMs.value = away;
  void take();
});
