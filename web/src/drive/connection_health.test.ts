import { expect, test } from 'vitest';
import { connectionProblem, type HealthSignals } from './connection_health';

const fine: HealthSignals = { onShift: true, connection: 'live', gps: 'good', sentUnacked: 3, unackedMs: 3000 };

test('all is well while fixes are acknowledged, and nothing is reported off shift', () => {
  expect(connectionProblem(fine)).toBeNull();
  expect(connectionProblem({ ...fine, onShift: false, gps: 'denied', connection: 'lost' })).toBeNull();
});

test('a server that takes fixes and acknowledges none is reported', () => {
  expect(connectionProblem({ ...fine, sentUnacked: 31, unackedMs: 31_000 })).toBe('unacked');
  expect(connectionProblem({ ...fine, sentUnacked: 31, unackedMs: 3_000 })).toBeNull();
});

test('what the driver can do something about comes first', () => {
  expect(connectionProblem({ ...fine, gps: 'denied', connection: 'lost' })).toBe('gps_denied');
  expect(connectionProblem({ ...fine, gps: 'silent', connection: 'lost' })).toBe('offline');
  expect(connectionProblem({ ...fine, gps: 'silent' })).toBe('gps_silent');
});
