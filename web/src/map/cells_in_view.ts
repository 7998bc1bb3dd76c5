/** The H3 cells (resolution 7) that a view of the map watches. */
import { gridDisk, latLngToCell, polygonToCells } from 'h3-js';
import { METERS_PER_DEGREE } from './geometry';

export const WATCHED_RESOLUTION = 7;
/** Maximum number of cells in one `watch`. */
export const MOST_CELLS = 500;
/** Mean area of a cell of resolution 7 (h3geo.org). */
const CELL_KM2 = 5.16;
const KM_PER_DEGREE = METERS_PER_DEGREE / 1000;

export interface Box {
  south: number;
  west: number;
  north: number;
  east: number;
}

/** The cells of a view and a ring around them, sorted; null for too many cells, for which counts are shown. */
export function cellsInView(box: Box): string[] | null {
  const middle = (box.south + box.north) / 2;
  const height = (box.north - box.south) * KM_PER_DEGREE;
  const width = (box.east - box.west) * KM_PER_DEGREE * Math.cos((middle * Math.PI) / 180);
  if ((height * width) / CELL_KM2 > MOST_CELLS) return null;
  const corners: [number, number][] = [
    [box.south, box.west],
    [box.south, box.east],
    [box.north, box.east],
    [box.north, box.west],
  ];
  const within = new Set(polygonToCells(corners, WATCHED_RESOLUTION));
  for (const [lat, lng] of [...corners, [middle, (box.west + box.east) / 2] as const]) {
    within.add(latLngToCell(lat, lng, WATCHED_RESOLUTION));
  }
  const cells = new Set<string>();
  for (const cell of within) for (const near of gridDisk(cell, 1)) cells.add(near);
  return cells.size > MOST_CELLS ? null : [...cells].sort();
}
