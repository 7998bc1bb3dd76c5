/** Map frames for tests, packed as a host packs them. */
import type { CellFrame } from '../protocol/messages';
import { boxOf, CAR_BYTES } from './frames';

export interface TestCar {
  number: number;
  lat?: number;
  lng?: number;
  heading?: number;
  state?: number;
  ageS?: number;
}

export function frame(
  cell: string,
  at: number,
  cars: TestCar[],
  names: Record<number, string> = {},
  { host = 'h1', whole = false } = {},
): CellFrame {
  const box = boxOf(cell);
  const bytes = new Uint8Array(cars.length * CAR_BYTES);
  const view = new DataView(bytes.buffer);
  cars.forEach((car, place) => {
    const start = place * CAR_BYTES;
    view.setUint16(start, car.number, true);
    view.setUint16(start + 2, car.lng === undefined ? 32768 : Math.floor((car.lng - box.west) / box.lngStep), true);
    view.setUint16(start + 4, car.lat === undefined ? 32768 : Math.floor((car.lat - box.south) / box.latStep), true);
    view.setUint8(start + 6, car.heading === undefined ? 255 : Math.round((car.heading * 255) / 360) % 255);
    view.setUint8(start + 7, car.state ?? 1);
    view.setUint8(start + 8, Math.min(255, Math.round((car.ageS ?? 0) * 20)));
  });
  return [cell, host, at, whole, bytes, names];
}
