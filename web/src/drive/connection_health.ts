/** Whether the server receives the positions of this car. Of several problems the most urgent one is reported. */
import type { ConnectionState } from '../client/connection';

export type GpsState = 'off' | 'searching' | 'good' | 'silent' | 'denied' | 'missing';

export interface HealthSignals {
  onShift: boolean;
  connection: ConnectionState;
  gps: GpsState;
  /** Positions sent on this connection since the last acknowledgement. */
  sentUnacked: number;
  /** Milliseconds since the last acknowledgement. */
  unackedMs: number;
}

export type ConnectionProblem = 'gps_missing' | 'gps_denied' | 'offline' | 'gps_silent' | 'unacked';

/** Three times the usual distance of acknowledgements: every 8 fixes for a free car, every 10 s during a ride. */
const UNACKED_FIXES = 30;
const UNACKED_MS = 15_000;

export function connectionProblem(signals: HealthSignals): ConnectionProblem | null {
  if (!signals.onShift) return null;
  if (signals.gps === 'missing') return 'gps_missing';
  if (signals.gps === 'denied') return 'gps_denied';
  if (signals.connection === 'lost' || signals.connection === 'connecting') return 'offline';
  if (signals.gps === 'silent') return 'gps_silent';
  const unacked =
    signals.connection === 'live' && signals.sentUnacked > UNACKED_FIXES && signals.unackedMs > UNACKED_MS;
  return unacked ? 'unacked' : null;
}
