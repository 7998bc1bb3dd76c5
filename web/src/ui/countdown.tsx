/** Times that run down by the clock of the city. */
import type { CityClock } from '../client/city_clock';
import { useTicks } from './use_interval';

/** The current city time (Unix seconds); the component renders again every `everyMs`. */
export function useCityTime(clock: CityClock, everyMs = 500): number {
  useTicks(everyMs);
  return clock.now();
}

export interface TimeLeft {
  /** Rounded up. */
  seconds: number;
  /** From 1 (at `since`) to 0 (at `until`). */
  share: number;
  isOver: boolean;
}

/** The time left of the span from `since` to `until`, all in city time. */
export function timeLeft(since: number, until: number, now: number): TimeLeft {
  const left = Math.max(0, until - now);
  const whole = Math.max(until - since, 1);
  return { seconds: Math.ceil(left), share: Math.min(1, left / whole), isOver: left === 0 };
}

const RADIUS = 52;
const CIRCUMFERENCE = 2 * Math.PI * RADIUS;
const LATE_SHARE = 0.34;

/** A ring that empties, with the seconds in its middle. */
export function CountdownRing({ left: { seconds, share }, label }: { left: TimeLeft; label: string }) {
  return (
    <div class="ring" role="timer" aria-label={label}>
      <svg viewBox="0 0 120 120" aria-hidden="true">
        <circle cx="60" cy="60" r={RADIUS} class="ring-ground" />
        <circle
          cx="60"
          cy="60"
          r={RADIUS}
          class={share < LATE_SHARE ? 'ring-left late' : 'ring-left'}
          stroke-dasharray={CIRCUMFERENCE}
          stroke-dashoffset={CIRCUMFERENCE * (1 - share)}
        />
      </svg>
      <span class="number" aria-hidden="true">
        {seconds}
      </span>
    </div>
  );
}
