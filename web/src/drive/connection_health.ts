/** Whether the server hears this car, told from few signs; what is most in the way is told first. */
import type { LinkState } from '../client/connection';

export type GpsState = 'off' | 'searching' | 'good' | 'silent' | 'denied' | 'missing';

export interface Signs {
  onShift: boolean;
  link: LinkState;
  gps: GpsState;
  /** Positions sent on this connection since the server last called any safe. */
  sentUnheard: number;
  /** Milliseconds since then. */
  unheardMs: number;
}

export type Trouble = 'gps_missing' | 'gps_denied' | 'offline' | 'gps_silent' | 'unheard';

/** A car without a ride is answered every 8 fixes, one with a ride every 10 s: this is three times as many. */
const DEAF_AFTER = 30;
const DEAF_MS = 15_000;

export function trouble(signs: Signs): Trouble | null {
  if (!signs.onShift) return null;
  if (signs.gps === 'missing') return 'gps_missing';
  if (signs.gps === 'denied') return 'gps_denied';
  if (signs.link === 'lost' || signs.link === 'connecting') return 'offline';
  if (signs.gps === 'silent') return 'gps_silent';
  const deaf = signs.link === 'live' && signs.sentUnheard > DEAF_AFTER && signs.unheardMs > DEAF_MS;
  return deaf ? 'unheard' : null;
}
