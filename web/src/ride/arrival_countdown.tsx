/** Time until an arrival: minutes that only fall, the time of day, and a note about large changes. */
import { useRef } from 'preact/hooks';
import type { Connection } from '../client/connection';
import { useCityTime } from '../ui/countdown';
import { clockTime } from '../ui/formats';
import { Eta, minutesLeft } from './eta';
import { text } from './i18n';

interface ArrivalProps {
  connection: Connection;
  /** City time of the arrival as the server last expected it. */
  arrival: number | undefined;
  /** Identifies the car and the leg; the countdown restarts when it changes. */
  leg: string;
  label: string;
}

export function ArrivalCountdown({ connection, arrival: expected, leg, label }: ArrivalProps) {
  const current = useRef({ leg, eta: new Eta() });
  if (current.current.leg !== leg) current.current = { leg, eta: new Eta() };
  const { eta } = current.current;
  const now = useCityTime(connection.clock);
  // The clock runs by city time only after the first welcome.
  if (expected !== undefined && connection.welcome.value !== null) eta.update(expected, now);
  const left = eta.left(now);
  const change = eta.change(now);
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
