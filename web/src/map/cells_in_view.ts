/** Which H3 cells (resolution 7) a view of the map asks for. */
import { gridDisk, latLngToCell, polygonToCells } from 'h3-js';

export const WATCHED_RESOLUTION = 7;
/** The most cells that one `watch` may name. */
export const MOST_CELLS = 500;
/** Mean area of a cell of resolution 7 (h3geo.org). */
const CELL_KM2 = 5.16;
const KM_A_DEGREE = 111.195;

export interface Box {
  south: number;
  west: number;
  north: number;
  east: number;
}

/** The cells of a view and a ring around them, in a settled order; null where they are too many: then counts are shown. */
export function cellsInView(box: Box): string[] | null {
  const middle = (box.south + box.north) / 2;
  const height = (box.north - box.south) * KM_A_DEGREE;
  const width = (box.east - box.west) * KM_A_DEGREE * Math.cos((middle * Math.PI) / 180);
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
