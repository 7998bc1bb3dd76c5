/** Plane geometry around a point, exact to a part in a thousand within a city. */
export interface Point {
  lat: number;
  lng: number;
}

export const METERS_PER_DEGREE = 111_195;

/** Metres east and north of `from`. */
export function offsetMeters(from: Point, to: Point): [east: number, north: number] {
  const shrink = Math.cos((((from.lat + to.lat) / 2) * Math.PI) / 180);
  return [(to.lng - from.lng) * METERS_PER_DEGREE * shrink, (to.lat - from.lat) * METERS_PER_DEGREE];
}

export function metersBetween(one: Point, other: Point): number {
  return Math.hypot(...offsetMeters(one, other));
}
