import { expect, test } from 'vitest';
import { fromLocal, toLocal } from './city_calendar';

const ZONE = 'America/Los_Angeles';

test('what is typed is an hour of the city, wherever the console stands', () => {
  expect(fromLocal('2008-05-30T18:00', ZONE)).toBe(Date.UTC(2008, 4, 31, 1) / 1000);
  expect(fromLocal('2026-01-15T08:30', 'Asia/Shanghai')).toBe(Date.UTC(2026, 0, 15, 0, 30) / 1000);
});

test('there and back again, also on the day when clocks change', () => {
  for (const text of ['2008-05-30T18:00', '2026-03-08T03:30', '2026-03-08T00:15', '2026-11-01T12:00']) {
    expect(toLocal(fromLocal(text, ZONE), ZONE)).toBe(text);
  }
});

test('what is no time is NaN', () => {
  expect(fromLocal('', ZONE)).toBeNaN();
});
