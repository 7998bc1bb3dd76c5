import { expect, test } from 'vitest';
import type { Alarm } from '../protocol/messages';
import { mergedAlarms, subjectOf, withAlarm } from './alarm_board';

const alarm = (id: string, at: number, more: Partial<Alarm> = {}): Alarm => ({
  t: 'alarm',
  alarm: id,
  name: 'trip_unserved',
  at,
  fields: { trip: 't1' },
  ...more,
});

test('a repeated alarm is the same one, and the newest come first', () => {
  const once = withAlarm(withAlarm([], alarm('a', 1)), alarm('b', 2));
  expect(once.map((each) => each.alarm)).toEqual(['b', 'a']);
  expect(withAlarm(once, alarm('a', 1))).toBe(once);
});

test('a settled alarm stays settled, though a host repeats it', () => {
  const settled = withAlarm([alarm('a', 1)], alarm('a', 1, { settled_by: 'desk', note: 'called' }));
  expect(withAlarm(settled, alarm('a', 1))).toBe(settled);
  expect(settled[0]?.note).toBe('called');
});

test('a list that was read keeps the alarms that arrived before', () => {
  expect(mergedAlarms([alarm('a', 1)], [alarm('b', 5)]).map((each) => each.alarm)).toEqual(['b', 'a']);
});

test('an alarm of a car on a trip is about the trip', () => {
  expect(subjectOf(alarm('a', 1, { fields: { trip: 't', vehicle: 'V1' } }))).toEqual({ kind: 'trip', id: 't' });
  expect(subjectOf(alarm('a', 1, { fields: { vehicle: 'V1' } }))).toEqual({ kind: 'car', id: 'V1' });
  expect(subjectOf(alarm('a', 1, { fields: { day: '2026-01-01' } }))).toBeNull();
});
