/** The car nearest to a click, found without the graphics card. */
import type { CarSource } from '../map/car_source';

/** Pixels per degree of longitude and of latitude around a place. */
export interface Scale {
  x: number;
  y: number;
}

/** The slot of the car nearest to a point (longitude and latitude) within `reach` pixels, -1 if there is none. */
export function nearestCar(cars: CarSource, origin: readonly [number, number], scale: Scale, reach: number): number {
  let [found, best] = [-1, reach * reach];
  for (let slot = 0; slot < cars.length; slot += 1) {
    const dx = ((cars.offsets[slot * 2] as number) - origin[0]) * scale.x;
    if (dx > reach || dx < -reach) continue;
    const dy = ((cars.offsets[slot * 2 + 1] as number) - origin[1]) * scale.y;
    const distance = dx * dx + dy * dy;
    if (distance > best || cars.nameOf(slot) === undefined) continue;
    [found, best] = [slot, distance];
  }
  return found;
}
