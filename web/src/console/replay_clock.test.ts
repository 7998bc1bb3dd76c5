import { expect, test } from 'vitest';
import { ReplayClock } from './replay_clock';

test('it runs at the chosen speed, and stops at the end', () => {
  const clock = new ReplayClock(1000, 1600);
  expect(clock.now(5000)).toBe(1000);
  clock.setSpeed(60, 0);
  clock.play(0);
  expect(clock.now(5000)).toBe(1300);
  clock.setSpeed(10, 5000);
  expect(clock.now(6000)).toBe(1310);
  expect(clock.now(60_000)).toBe(1600);
  expect([clock.isPlaying(6000), clock.isPlaying(60_000)]).toEqual([true, false]);
});

test('a pause holds the time, and it goes on from there', () => {
  const clock = new ReplayClock(0, 600);
  clock.setSpeed(1, 0);
  clock.play(0);
  clock.pause(10_000);
  expect(clock.now(50_000)).toBe(10);
  clock.play(50_000);
  expect(clock.now(51_000)).toBe(11);
});

test('it can be set anywhere between its ends, and played again from the end', () => {
  const clock = new ReplayClock(100, 200);
  clock.seek(50, 0);
  expect(clock.now(0)).toBe(100);
  clock.seek(900, 0);
  expect(clock.now(0)).toBe(200);
  clock.play(0);
  expect(clock.now(0)).toBe(100);
});
