import { expect, test } from 'vitest';
import { digitsOf, minorUnits } from './amount';

test('amounts are read as people type them', () => {
  expect(minorUnits('12', 'USD')).toBe(1200);
  expect(minorUnits(' 12.5', 'USD')).toBe(1250);
  expect(minorUnits('12,05', 'CNY')).toBe(1205);
  expect(minorUnits('300', 'JPY')).toBe(300);
});

test('what is no amount is none', () => {
  for (const typed of ['', '0', '-1', '1.234', 'ten', '12345678', '1.5.0']) expect(minorUnits(typed, 'USD')).toBeNull();
  expect(minorUnits('1.5', 'JPY')).toBeNull();
});

test('a currency has its own number of digits', () => {
  expect([digitsOf('USD'), digitsOf('CNY'), digitsOf('JPY')]).toEqual([2, 2, 0]);
});
