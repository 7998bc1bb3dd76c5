import { expect, test } from 'vitest';
import { fromLocalText, inAnHour, toLocalText } from './city_time';

const ZONE = 'America/Los_Angeles';
const at = (iso: string) => Date.parse(iso) / 1000;

test('a form shows and reads the time of the city', () => {
  expect(toLocalText(at('2026-11-22T18:05:00Z'), ZONE)).toBe('2026-11-22T10:05');
  expect(fromLocalText('2026-11-22T10:05', ZONE)).toBe(at('2026-11-22T18:05:00Z'));
  expect(fromLocalText('2026-07-01T00:00', ZONE)).toBe(at('2026-07-01T07:00:00Z'));
  expect(toLocalText(at('2026-11-22T16:00:00Z'), 'Asia/Shanghai')).toBe('2026-11-23T00:00');
});

test('each quarter of an hour of the days around a change of summer time is read back, but for the hour that is skipped', () => {
  for (const day of ['2026-03-08T00:00:00Z', '2026-11-01T00:00:00Z']) {
    for (let minute = 0; minute < 36 * 60; minute += 15) {
      const time = at(day) + minute * 60;
      const read = fromLocalText(toLocalText(time, ZONE), ZONE) as number;
      expect([0, 3600]).toContain(Math.abs(read - time));
      expect(toLocalText(read, ZONE)).toBe(toLocalText(time, ZONE));
    }
  }
});

test('what is no date is none', () => {
  expect(fromLocalText('', ZONE)).toBeNull();
  expect(fromLocalText('2026-13-40T10:00', ZONE)).toBeNull();
});

test('later begins an hour from now', () => {
  expect(inAnHour(at('2026-11-22T18:01:00Z'))).toBe(at('2026-11-22T19:05:00Z'));
});

test('a local time is read in the zone of the city, and converted back, also when clocks change', () => {
  expect(fromLocalText('2008-05-30T18:00', ZONE)).toBe(Date.UTC(2008, 4, 31, 1) / 1000);
  expect(fromLocalText('2026-01-15T08:30', 'Asia/Shanghai')).toBe(Date.UTC(2026, 0, 15, 0, 30) / 1000);
  for (const text of ['2008-05-30T18:00', '2026-03-08T03:30', '2026-03-08T00:15', '2026-11-01T12:00']) {
    expect(toLocalText(fromLocalText(text, ZONE) as number, ZONE)).toBe(text);
  }
});
