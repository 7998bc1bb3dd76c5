import { expect, test } from 'vitest';
import type { CellFrame } from '../protocol/messages';
import { eachCar } from './frames';

// As `dispatch.api.live_map.cell_codec.pack` writes two cars of this cell.
const CELL = '872830828ffffff';
const PACKED = [1, 0, 49, 124, 232, 133, 64, 1, 10, 188, 2, 228, 155, 171, 155, 255, 5, 255];

test('the bytes that the server packs are read to a decimetre', () => {
  // A view into a longer buffer, as MessagePack gives it.
  const bytes = new Uint8Array([9, 9, 9, ...PACKED, 9]).subarray(3, 21);
  const frame: CellFrame = [CELL, 'h', 0, true, bytes, { 1: 'V1' }];
  const seen: number[][] = [];
  eachCar(frame, (...car) => seen.push(car));
  expect(seen).toHaveLength(2);
  const [first, second] = seen as [number[], number[]];
  expect(first[0]).toBe(1);
  expect(first[1]).toBeCloseTo(37.77489983, 7);
  expect(first[2]).toBeCloseTo(-122.41939975, 7);
  expect(first[3]).toBeCloseTo(90.353, 2);
  expect(first.slice(4)).toEqual([1, 0.5]);
  expect(second[0]).toBe(700);
  expect(second.slice(3)).toEqual([-1, 5, 12.75]);
});

test('bytes that are no whole cars are refused', () => {
  expect(() => eachCar([CELL, 'h', 0, false, new Uint8Array(10)], () => undefined)).toThrow(RangeError);
});
