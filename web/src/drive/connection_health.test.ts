import { expect, test } from 'vitest';
import { type Signs, trouble } from './connection_health';

const fine: Signs = { onShift: true, link: 'live', gps: 'good', sentUnheard: 3, unheardMs: 3000 };

test('all is well while fixes are answered, and nobody is told anything off shift', () => {
  expect(trouble(fine)).toBeNull();
  expect(trouble({ ...fine, onShift: false, gps: 'denied', link: 'lost' })).toBeNull();
});

test('a server that takes fixes and says nothing does not hear the car', () => {
  expect(trouble({ ...fine, sentUnheard: 31, unheardMs: 31_000 })).toBe('unheard');
  expect(trouble({ ...fine, sentUnheard: 31, unheardMs: 3_000 })).toBeNull();
});

test('what the driver can do something about comes first', () => {
  expect(trouble({ ...fine, gps: 'denied', link: 'lost' })).toBe('gps_denied');
  expect(trouble({ ...fine, gps: 'silent', link: 'lost' })).toBe('offline');
  expect(trouble({ ...fine, gps: 'silent' })).toBe('gps_silent');
});
