import { cellToLatLng, latLngToCell } from 'h3-js';
import { expect, test } from 'vitest';
import { cellsInView, MOST_CELLS } from './cells_in_view';

const CITY = { south: 37.707, west: -122.512, north: 37.832, east: -122.358 };

test('a city is watched by its cells, each point of it with a ring to spare', () => {
  const cells = cellsInView(CITY) as string[];
  expect(cells.length).toBeLessThan(MOST_CELLS);
  for (const lat of [37.707, 37.77, 37.832]) {
    for (const lng of [-122.512, -122.43, -122.358]) expect(cells).toContain(latLngToCell(lat, lng, 7));
  }
  expect(cells.some((cell) => cellToLatLng(cell)[0] > 37.85)).toBe(true);
});

test('a view within one cell has that cell and its ring', () => {
  const cells = cellsInView({ south: 37.775, west: -122.42, north: 37.7752, east: -122.4198 }) as string[];
  expect(cells.length).toBeGreaterThanOrEqual(7);
  expect(cells.length).toBeLessThanOrEqual(14);
});

test('too wide a view is not watched by cells', () => {
  expect(cellsInView({ south: 30, west: -130, north: 45, east: -110 })).toBeNull();
  expect(cellsInView({ south: 37.4, west: -122.9, north: 38.1, east: -122 })).toBeNull();
});

test('the same view asks for the same cells in the same order', () => {
  expect(cellsInView(CITY)).toEqual(cellsInView({ ...CITY }));
});
