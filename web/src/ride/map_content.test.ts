import { expect, test } from 'vitest';
import { barMeters, pointsOf, SketchProjection } from './map_content';

const FRAME = { width: 400, height: 300, margin: 40 };

test('every point is within the margins, north is up, east is right', () => {
  const points = [
    { lat: 37.78, lng: -122.41 },
    { lat: 37.76, lng: -122.43 },
    { lat: 37.77, lng: -122.4 },
  ];
  const projection = new SketchProjection(points, FRAME);
  for (const point of points) {
    const [x, y] = projection.place(point);
    expect(x).toBeGreaterThanOrEqual(39.9);
    expect(x).toBeLessThanOrEqual(360.1);
    expect(y).toBeGreaterThanOrEqual(39.9);
    expect(y).toBeLessThanOrEqual(260.1);
  }
  const [a, b, c] = points.map((each) => projection.place(each)) as [
    [number, number],
    [number, number],
    [number, number],
  ];
  expect(a[1]).toBeLessThan(b[1]);
  expect(c[0]).toBeGreaterThan(a[0]);
});

test('a single point is in the middle, and not magnified without end', () => {
  const projection = new SketchProjection([{ lat: 37, lng: -122 }], FRAME);
  expect(projection.place({ lat: 37, lng: -122 })).toEqual([200, 150]);
  expect(projection.scale).toBeLessThan(1);
});

test('streets that lie wholly to one side are left out', () => {
  const projection = new SketchProjection([{ lat: 37, lng: -122 }], FRAME);
  const line = (lng: number) => [
    { lat: 37.001, lng },
    { lat: 36.999, lng },
  ];
  expect(projection.touches(line(-122))).toBe(true);
  expect(projection.touches(line(-121))).toBe(false);
});

test('what is not there has no point', () => {
  expect(pointsOf({ pickup: { lat: 1, lng: 2 } })).toHaveLength(1);
});

test('a scale bar has a round length', () => {
  expect([999, 1000, 430, 199].map(barMeters)).toEqual([500, 1000, 200, 100]);
});
