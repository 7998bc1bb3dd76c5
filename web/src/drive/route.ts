/** The position of a car along a route, and what is left of it. */
import type { Route } from '../client/command_result';
import { offsetMeters, type Point } from '../map/geometry';

export interface Progress {
  /** Distance of the car from the route, in metres. */
  offset: number;
  /** Metres and seconds left from the nearest point of the route. */
  meters: number;
  seconds: number;
}

export function progress(route: Route, here: Point): Progress {
  const points = route.points.map(([lat, lng]) => ({ lat, lng }));
  let total = 0;
  let best = { offset: Number.POSITIVE_INFINITY, done: 0 };
  points.slice(1).forEach((end, index) => {
    const start = points[index] as Point;
    const length = Math.hypot(...offsetMeters(start, end));
    const near = nearest(start, end, here);
    if (near.offset < best.offset) best = { offset: near.offset, done: total + near.share * length };
    total += length;
  });
  const left = total === 0 ? 0 : (total - best.done) / total;
  return { offset: best.offset, meters: route.meters * left, seconds: route.seconds * left };
}

/** The nearest point of a segment: its distance, and its share of the segment's length. */
function nearest(start: Point, end: Point, here: Point): { offset: number; share: number } {
  const [ax, ay] = offsetMeters(here, start);
  const [bx, by] = offsetMeters(here, end);
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  const share = square === 0 ? 0 : Math.min(1, Math.max(0, -(ax * dx + ay * dy) / square));
  return { offset: Math.hypot(ax + share * dx, ay + share * dy), share };
}
