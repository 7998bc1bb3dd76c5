import { gridDisk } from 'h3-js';
import { expect, test } from 'vitest';
import { CAR_COLOURS } from './car_colours';
import { Fleet } from './fleet';
import { frame } from './frame_fixtures';
import { GONE } from './frames';

const CELL = '872830828ffffff';
const NEXT = gridDisk(CELL, 1)[1] as string;
const ORIGIN = { lat: 37.77, lng: -122.42 };
const LAT = 37.775;
const STEP = 1e-4; // 11 m of latitude

function fleet(): Fleet {
  return new Fleet(ORIGIN, CAR_COLOURS.light);
}

/** Wall and city time run together from 0. */
function at(s: number) {
  return { wallMs: s * 1000, city: s, speed: 1 };
}

function latOf(cars: Fleet, vehicle: string): number {
  return cars.pointOf(cars.slotOf(vehicle) as number)[1];
}

test('a car that is new is put where it is, and its state and colour are known', () => {
  const cars = fleet();
  cars.ingest([frame(CELL, 10, [{ number: 3, lat: LAT, state: 5, heading: 90 }], { 3: 'V3' })], at(10));
  const slot = cars.slotOf('V3') as number;
  expect(latOf(cars, 'V3')).toBeCloseTo(LAT, 5);
  expect(cars.stateOf(slot)).toBe(5);
  expect(cars.headings[slot]).toBeCloseTo(90.35, 1);
  expect([...cars.colours.slice(slot * 4, slot * 4 + 4)]).toEqual([33, 38, 48, 255]);
});

test('a car that fixes once a second positions, and what is shown is never older than 1.5 s', () => {
  const cars = fleet();
  const delayS = 0.4;
  let last = Number.NEGATIVE_INFINITY;
  let oldest = 0;
  for (let ms = 0; ms < 20_000; ms += 16) {
    const second = Math.floor(ms / 1000 - delayS);
    if (second >= 0 && (ms - 16) / 1000 - delayS < second) {
      const now = { wallMs: ms, city: ms / 1000, speed: 1 };
      const names: Record<number, string> = second === 0 ? { 1: 'V1' } : {};
      const car = { number: 1, lat: LAT + second * STEP, ageS: ms / 1000 - second };
      cars.ingest([frame(CELL, ms / 1000, [car], names)], now);
    }
    cars.move(ms);
    const slot = cars.slotOf('V1');
    if (slot === undefined) continue;
    const shown = cars.pointOf(slot)[1];
    expect(shown).toBeGreaterThanOrEqual(last - 1e-6); // never backwards
    expect(shown).toBeGreaterThanOrEqual(LAT + (second - 1) * STEP - STEP * 0.35);
    expect(shown).toBeLessThanOrEqual(LAT + second * STEP + 2e-6);
    last = shown;
    if (ms > 3000) oldest = Math.max(oldest, cars.shownAge(slot, ms));
  }
  expect(oldest).toBeLessThanOrEqual(1500);
  expect(oldest).toBeGreaterThan(1000);
});

test('a car that jumps far is put there at once', () => {
  const cars = fleet();
  cars.ingest([frame(CELL, 0, [{ number: 1, lat: LAT }], { 1: 'V1' })], at(0));
  cars.ingest([frame(CELL, 1, [{ number: 1, lat: LAT + 0.01 }])], at(1));
  cars.move(1001);
  expect(latOf(cars, 'V1')).toBeCloseTo(LAT + 0.01, 5);
});

test('in a city that runs ten times faster, ten times the distance is no jump', () => {
  const cars = fleet();
  const arrival = (s: number) => ({ wallMs: s * 1000, city: s * 10, speed: 10 });
  cars.ingest([frame(CELL, 0, [{ number: 1, lat: LAT }], { 1: 'V1' })], arrival(0));
  cars.ingest([frame(CELL, 10, [{ number: 1, lat: LAT + 0.003 }])], arrival(1));
  cars.move(1001);
  expect(latOf(cars, 'V1')).toBeCloseTo(LAT, 4);
  cars.move(2001);
  expect(latOf(cars, 'V1')).toBeCloseTo(LAT + 0.003, 5);
});

test('a repeated fix starts no interpolation, and an older one is skipped', () => {
  const cars = fleet();
  cars.ingest([frame(CELL, 5, [{ number: 1, lat: LAT }], { 1: 'V1' })], at(5));
  cars.ingest([frame(CELL, 6, [{ number: 1, lat: LAT, ageS: 1 }], { 1: 'V1' }, { whole: true })], at(6));
  expect(cars.move(6010)).toBe(false);
  cars.ingest([frame(CELL, 6, [{ number: 1, lat: LAT - STEP, ageS: 3 }])], at(6));
  expect(cars.move(6020)).toBe(false);
  expect(cars.fixTime(cars.slotOf('V1') as number)).toBeCloseTo(5000, 0);
});

test('a whole frame removes cars that it does not name, but not those that went to another cell', () => {
  const cars = fleet();
  cars.ingest([frame(CELL, 0, [{ number: 1 }, { number: 2 }, { number: 3 }], { 1: 'V1', 2: 'V2', 3: 'V3' })], at(0));
  cars.ingest([frame(NEXT, 1, [{ number: 2 }], { 2: 'V2' })], at(1));
  cars.ingest([frame(CELL, 2, [{ number: 3 }], { 3: 'V3' }, { whole: true })], at(2));
  expect([cars.slotOf('V1') === undefined, cars.size]).toEqual([true, 2]);
  expect(cars.slotOf('V2')).toBeDefined();
});

test('a car that left a cell is gone, unless the next cell has reported it before', () => {
  const cars = fleet();
  cars.ingest([frame(CELL, 0, [{ number: 1 }, { number: 2 }], { 1: 'V1', 2: 'V2' })], at(0));
  cars.ingest([frame(NEXT, 1, [{ number: 2 }], { 2: 'V2' })], at(1));
  const left = [
    { number: 1, state: GONE },
    { number: 2, state: GONE },
  ];
  cars.ingest([frame(CELL, 1, left)], at(1));
  expect([cars.slotOf('V1'), cars.size]).toEqual([undefined, 1]);
});

test("another host's cars in the same cell stay, and a number means another car there", () => {
  const cars = fleet();
  cars.ingest([frame(CELL, 0, [{ number: 1 }], { 1: 'V1' })], at(0));
  cars.ingest([frame(CELL, 0, [{ number: 1 }], { 1: 'V9' }, { host: 'h2', whole: true })], at(0));
  expect(cars.size).toBe(2);
  cars.ingest([frame(CELL, 1, [], {}, { whole: true })], at(1));
  expect([cars.slotOf('V1'), cars.size]).toEqual([undefined, 1]);
});

test('a number without a name is passed over until a whole frame names it, also when its slot went to another car', () => {
  const cars = fleet();
  cars.ingest([frame(CELL, 0, [{ number: 7 }])], at(0));
  expect(cars.size).toBe(0);
  cars.ingest([frame(CELL, 0, [{ number: 7 }], { 7: 'V7' })], at(0));
  cars.ingest([frame(CELL, 1, [{ number: 7, state: GONE }])], at(1));
  cars.ingest([frame(CELL, 2, [{ number: 8 }], { 8: 'V8' })], at(2));
  cars.ingest([frame(CELL, 3, [{ number: 7, lat: LAT + STEP, state: 4 }])], at(3));
  expect([cars.size, cars.stateOf(cars.slotOf('V8') as number)]).toEqual([1, 1]);
});

test('slots are used again and arrays grow with the fleet', () => {
  const cars = fleet();
  const many = Array.from({ length: 1000 }, (_, number) => ({ number }));
  const names = Object.fromEntries(many.map(({ number }) => [number, `V${number}`]));
  cars.ingest([frame(CELL, 0, many, names, { whole: true })], at(0));
  expect([cars.size, cars.length]).toEqual([1000, 1000]);
  cars.ingest([frame(CELL, 1, [], {}, { whole: true })], at(1));
  cars.ingest([frame(CELL, 2, many.slice(0, 10), names)], at(2));
  expect([cars.size, cars.length]).toEqual([10, 1000]);
  expect(cars.offsets.length).toBeGreaterThanOrEqual(2000);
});

test('cars that are no longer watched are removed', () => {
  const cars = fleet();
  cars.ingest([frame(CELL, 0, [{ number: 1 }], { 1: 'V1' }), frame(NEXT, 0, [{ number: 2 }], { 2: 'V2' })], at(0));
  cars.keepOnly(new Set([NEXT]));
  expect([cars.slotOf('V1'), cars.size]).toEqual([undefined, 1]);
});

test('cars are counted by state, and cars without a recent fix are drawn paler', () => {
  const cars = fleet();
  const two = [
    { number: 1, state: 1 },
    { number: 2, state: 5 },
  ];
  cars.ingest([frame(CELL, 0, two, { 1: 'V1', 2: 'V2' })], at(0));
  expect(cars.count(1000, 1)).toEqual([0, 1, 0, 0, 0, 1, 0, 0]);
  const elsewhere = { south: 10, west: 10, north: 11, east: 11 };
  expect(cars.count(1000, 1, elsewhere)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  cars.count(61_000, 1);
  expect(cars.colours[(cars.slotOf('V1') as number) * 4 + 3]).toBeLessThan(255);
});
