/** The way to drive, as points; how far along it the car is. Plane geometry around the car: good for a city. */

export type Point = readonly [lat: number, lng: number];

export interface Way {
  points: Point[];
  meters: number;
  seconds: number;
  byRoad: boolean;
}

export interface Progress {
  /** How far the car is from the line, in metres. */
  off: number;
  /** Metres and seconds that are left from there. */
  meters: number;
  seconds: number;
}

const M_PER_DEGREE = 111_195;

function plane(from: Point, to: Point): [number, number] {
  const east = (to[1] - from[1]) * M_PER_DEGREE * Math.cos((from[0] * Math.PI) / 180);
  return [east, (to[0] - from[0]) * M_PER_DEGREE];
}

export function apart(one: Point, other: Point): number {
  return Math.hypot(...plane(one, other));
}

/** From `here` to the line's end. A way without points: straight. */
export function progress(way: Way, here: Point): Progress {
  const ends = way.points.slice(1);
  let whole = 0;
  let best = { off: Number.POSITIVE_INFINITY, done: 0 };
  ends.forEach((end, index) => {
    const start = way.points[index] as Point;
    const length = apart(start, end);
    const near = nearest(start, end, here);
    if (near.off < best.off) best = { off: near.off, done: whole + near.share * length };
    whole += length;
  });
  const left = whole === 0 ? 0 : (whole - best.done) / whole;
  return { off: best.off, meters: way.meters * left, seconds: way.seconds * left };
}

function nearest(start: Point, end: Point, here: Point): { off: number; share: number } {
  const [ax, ay] = plane(here, start);
  const [bx, by] = plane(here, end);
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  const share = square === 0 ? 0 : Math.min(1, Math.max(0, -(ax * dx + ay * dy) / square));
  return { off: Math.hypot(ax + share * dx, ay + share * dy), share };
}
