import { expect, test } from 'vitest';
import { digitsOf, minorUnits } from './amount';

test('amounts are read as people type them', () => {
  expect(minorUnits('12', 2)).toBe(1200);
  expect(minorUnits(' 12.5', 2)).toBe(1250);
  expect(minorUnits('12,05', 2)).toBe(1205);
  expect(minorUnits('300', 0)).toBe(300);
});

test('what is no amount is none', () => {
  for (const typed of ['', '0', '-1', '1.234', 'ten', '12345678', '1.5.0']) expect(minorUnits(typed, 2)).toBeNull();
  expect(minorUnits('1.5', 0)).toBeNull();
});

test('a currency has its own number of digits', () => {
  expect([digitsOf('USD'), digitsOf('CNY'), digitsOf('JPY')]).toEqual([2, 2, 0]);
});
