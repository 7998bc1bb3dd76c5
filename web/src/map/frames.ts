/**
 * The live map's nine bytes a car, read. The layout is `CellFrame`'s (see `wire/messages.ts`); the box around a cell is
 * centred on what h3 calls the cell's centre, as on the server.
 */
import { cellToLatLng } from 'h3-js';
import type { CellFrame } from '../protocol/messages';
import { MAP_HALF_BOX_DEG } from '../protocol/tables';

export const CAR_BYTES = 9;
/** The state of a car that left the cell. */
export const GONE = 255;
const NO_HEADING = 255;
const HEADINGS = 255;
const STEPS = 65_536;
const AGE_STEPS_PER_S = 20;
/** An age that means: so old, or older (city seconds). */
export const OLDEST_AGE_S = 255 / AGE_STEPS_PER_S;

export interface CellBox {
  south: number;
  west: number;
  latStep: number;
  lngStep: number;
}

const boxes = new Map<string, CellBox>();

/** South-west corner of a cell's box, and degrees a step. */
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

/** `heading` in degrees, -1 where it is unknown; `ageS` in city seconds when the frame was made. */
export type SeeCar = (number: number, lat: number, lng: number, heading: number, state: number, ageS: number) => void;

/** Each car of a frame, in the frame's order. Throws RangeError where the bytes are no whole number of cars. */
export function eachCar(frame: CellFrame, see: SeeCar): void {
  const bytes = frame[4];
  if (bytes.byteLength % CAR_BYTES !== 0) throw new RangeError(`${bytes.byteLength} bytes are no whole cars`);
  const box = boxOf(frame[0]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.byteLength; at += CAR_BYTES) {
    const heading = view.getUint8(at + 6);
    see(
      view.getUint16(at, true),
      box.south + (view.getUint16(at + 4, true) + 0.5) * box.latStep,
      box.west + (view.getUint16(at + 2, true) + 0.5) * box.lngStep,
      heading === NO_HEADING ? -1 : (heading * 360) / HEADINGS,
      view.getUint8(at + 7),
      view.getUint8(at + 8) / AGE_STEPS_PER_S,
    );
  }
}
