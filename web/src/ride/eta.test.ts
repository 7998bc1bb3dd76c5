import { expect, test } from 'vitest';
import { Eta, minutesLeft } from './eta';

/** The time left each second, for a phone that receives `arrivals[n]` at second n. */
function shown(arrivals: readonly number[]): number[] {
  const eta = new Eta();
  return arrivals.map((arrival, now) => {
    eta.update(arrival, now);
    return eta.left(now) ?? Number.NaN;
  });
}

test('nothing is shown before the first update', () => {
  expect(new Eta().left(0)).toBeNull();
});

test('with a steady arrival it counts seconds', () => {
  expect(shown(Array(4).fill(300))).toEqual([300, 299, 298, 297]);
});

test('noise of a minute never makes it go up', () => {
  const noisy = Array.from({ length: 280 }, (_, n) => 300 + 60 * Math.sin(n * 1.7) + 40 * Math.cos(n * 0.31));
  const left = shown(noisy);
  for (let n = 1; n < left.length; n += 1) expect(left[n]).toBeLessThanOrEqual(left[n - 1] as number);
});

test('a later arrival slows the countdown until it is right again', () => {
  const eta = new Eta();
  eta.update(300, 0);
  eta.update(360, 1);
  const first = eta.left(11) as number;
  expect(first).toBeGreaterThan(360 - 11 - 60);
  expect(first).toBeLessThan(299);
  expect(eta.left(120)).toBe(240);
  expect(eta.change(120)).toBeNull();
});

test('an earlier arrival hurries it, and it never falls below nothing', () => {
  const eta = new Eta();
  eta.update(300, 0);
  eta.update(270, 0);
  expect(eta.left(10)).toBe(285);
  expect(eta.left(100)).toBe(170);
  expect(eta.left(400)).toBe(0);
});

test('a large change that lasts is adopted and reported; a stray one is not', () => {
  const eta = new Eta();
  eta.update(300, 0);
  eta.update(900, 1);
  eta.update(300, 2);
  expect(eta.left(2) as number).toBeLessThan(300);
  for (let now = 3; now <= 12; now += 1) eta.update(900, now);
  expect(eta.left(12)).toBe(888);
  expect(eta.change(12)).toBe('later');
  expect(eta.change(200)).toBeNull();
});

test('a car that is expected and does not come is reported in the end', () => {
  const eta = new Eta();
  for (let now = 0; now <= 60; now += 1) {
    eta.update(now + 30, now);
    expect(eta.left(now) as number).toBeLessThanOrEqual(30);
  }
  for (let now = 61; now <= 80; now += 1) eta.update(now + 200, now);
  expect(eta.left(80) as number).toBeGreaterThan(150);
  expect(eta.change(80)).toBe('later');
});

test('in a city at ten times the speed the same arrival counts down ten times as fast', () => {
  const eta = new Eta();
  eta.update(1300, 1000);
  const afterOneWallSecond = 1010;
  expect(eta.left(afterOneWallSecond)).toBe(290);
});

test('minutes are rounded up and end with less than one', () => {
  expect([600, 541, 540, 61, 60, 59, 0].map(minutesLeft)).toEqual([10, 10, 9, 2, 1, 0, 0]);
});
