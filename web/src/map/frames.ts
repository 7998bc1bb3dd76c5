/**
 * Decoder of map frames, nine bytes per car. `CellFrame` in `protocol/messages.ts` describes the layout; positions are
 * relative to a box around the h3 centre of the cell.
 */
import { cellToLatLng } from 'h3-js';
import type { CellFrame } from '../protocol/messages';
import { MAP_HALF_BOX_DEG } from '../protocol/tables';

export const CAR_BYTES = 9;
/** The state of a car that has left the cell. */
export const GONE = 255;
const NO_HEADING = 255;
const HEADINGS = 255;
const STEPS = 65_536;
const AGE_STEPS_PER_S = 20;
/** The largest age of a fix that a frame can contain (city seconds); it also stands for older fixes. */
export const OLDEST_AGE_S = 255 / AGE_STEPS_PER_S;

export interface CellBox {
  south: number;
  west: number;
  latStep: number;
  lngStep: number;
}

const boxes = new Map<string, CellBox>();

/** South-west corner of the box of a cell, and degrees per step. */
export function boxOf(cell: string): CellBox {
  const known = boxes.get(cell);
  if (known !== undefined) return known;
  const [lat, lng] = cellToLatLng(cell);
  const halfLng = MAP_HALF_BOX_DEG / Math.cos((lat * Math.PI) / 180);
  const box = {
    south: lat - MAP_HALF_BOX_DEG,
    west: lng - halfLng,
    latStep: (2 * MAP_HALF_BOX_DEG) / STEPS,
    lngStep: (2 * halfLng) / STEPS,
  };
  boxes.set(cell, box);
  return box;
}

/** `heading` in degrees, -1 if unknown; `ageS` is the age of the fix in the frame, in city seconds. */
export type VisitCar = (number: number, lat: number, lng: number, heading: number, state: number, ageS: number) => void;

/** Calls `visit` for each car of a frame, in order. Throws RangeError for a partial car. */
export function eachCar(frame: CellFrame, visit: VisitCar): void {
  const bytes = frame[4];
  if (bytes.byteLength % CAR_BYTES !== 0)
    throw new RangeError(`${bytes.byteLength} bytes are not a whole number of cars`);
  const box = boxOf(frame[0]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.byteLength; at += CAR_BYTES) {
    const heading = view.getUint8(at + 6);
    visit(
      view.getUint16(at, true),
      box.south + (view.getUint16(at + 4, true) + 0.5) * box.latStep,
      box.west + (view.getUint16(at + 2, true) + 0.5) * box.lngStep,
      heading === NO_HEADING ? -1 : (heading * 360) / HEADINGS,
      view.getUint8(at + 7),
      view.getUint8(at + 8) / AGE_STEPS_PER_S,
    );
  }
}
