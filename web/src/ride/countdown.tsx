/** When somebody arrives: minutes that only fall, the time of day, and large changes said. */
import { useRef } from 'preact/hooks';
import type { Link } from '../client/connection';
import { clockTime } from '../ui/formats';
import { Eta, minutesLeft } from './eta';
import { text } from './text';
import { useTicks } from './ticking';

interface CountdownProps {
  link: Link;
  /** City time as it was heard last. */
  arrival: number | undefined;
  /** Another car, another ride: the countdown begins anew. */
  of: string;
  label: string;
}

export function Countdown({ link, arrival: heard, of, label }: CountdownProps) {
  // Before the server has told the time of the city there is nothing to count.
  const arrival = link.welcome.value === null ? undefined : heard;
  const eta = useRef({ of, eta: new Eta() });
  if (eta.current.of !== of) eta.current = { of, eta: new Eta() };
  useTicks(500);
  const now = link.clock.now();
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
