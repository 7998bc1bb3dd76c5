/** When somebody arrives: minutes that only fall, the time of day, and large changes said. */
import { useRef } from 'preact/hooks';
import type { CityClock } from '../link/city_clock';
import { clockTime } from '../shell/formats';
import { Eta, minutesLeft } from './eta';
import { text } from './text';
import { useTicks } from './ticking';

interface CountdownProps {
  clock: CityClock;
  /** City time as it was heard last. */
  arrival: number | undefined;
  /** Another car, another ride: the countdown begins anew. */
  of: string;
  label: string;
}

export function Countdown({ clock, arrival, of, label }: CountdownProps) {
  const eta = useRef({ of, eta: new Eta() });
  if (eta.current.of !== of) eta.current = { of, eta: new Eta() };
  useTicks(500);
  const now = clock.now();
  if (arrival !== undefined) eta.current.eta.hear(arrival, now);
  const left = eta.current.eta.left(now);
  const change = eta.current.eta.change(now);
  return (
    <div class="countdown">
      <p class="quiet small">{label}</p>
      <p class="amount number" data-eta={left === null ? '' : Math.round(left)}>
        {left === null ? text('eta_unknown') : leftText(left)}
      </p>
      {left !== null && <p class="quiet small number">{text('around', { time: clockTime(now + left) })}</p>}
      <p class="small warn" role="status">
        {change !== null && text(change === 'later' ? 'eta_later' : 'eta_earlier')}
      </p>
    </div>
  );
}

function leftText(seconds: number): string {
  const minutes = minutesLeft(seconds);
  if (minutes > 0) return text('minutes', { count: minutes });
  return text(seconds > 0 ? 'less_than_minute' : 'any_moment');
}
