/** What the map, or the sketch in its place, shows of a ride. */
import type { Place } from '../protocol/messages';
import type { Point } from './glide';

export interface Picture {
  pickup?: Place | undefined;
  dropoff?: Place | undefined;
  car?: (Point & { heading?: number; at: number }) | undefined;
  /** Latitude, longitude. */
  line?: readonly [number, number][] | undefined;
}

/** The points that have to be in view. */
export function pointsOf(picture: Picture): Point[] {
  return [picture.car, picture.pickup, picture.dropoff].filter((each) => each !== undefined);
}

export interface Frame {
  width: number;
  height: number;
  margin: number;
}

/** Meters a degree of latitude. */
const DEGREE_M = 111_195;
const SMALLEST_M = 300;

/** Places points on a sheet of paper, north up, all in view and to one scale. */
export class Sheet {
  private readonly lat: number;
  private readonly lng: number;
  private readonly east: number;
  /** Pixels a metre. */
  readonly scale: number;

  constructor(
    points: readonly Point[],
    private readonly frame: Frame,
  ) {
    const lats = points.map((each) => each.lat);
    const lngs = points.map((each) => each.lng);
    this.lat = (Math.min(...lats) + Math.max(...lats)) / 2;
    this.lng = (Math.min(...lngs) + Math.max(...lngs)) / 2;
    this.east = DEGREE_M * Math.cos((this.lat * Math.PI) / 180);
    const high = Math.max(SMALLEST_M, (Math.max(...lats) - Math.min(...lats)) * DEGREE_M);
    const wide = Math.max(SMALLEST_M, (Math.max(...lngs) - Math.min(...lngs)) * this.east);
    const free = { width: frame.width - 2 * frame.margin, height: frame.height - 2 * frame.margin };
    this.scale = Math.min(free.width / wide, free.height / high);
  }

  place(point: Point): [number, number] {
    const x = this.frame.width / 2 + (point.lng - this.lng) * this.east * this.scale;
    const y = this.frame.height / 2 - (point.lat - this.lat) * DEGREE_M * this.scale;
    return [Math.round(x * 10) / 10, Math.round(y * 10) / 10];
  }

  /** Whether a line of these points may touch the sheet. */
  touches(points: readonly Point[]): boolean {
    const placed = points.map((each) => this.place(each));
    const beyond = (at: 0 | 1, most: number) => placed.every((p) => p[at] < 0) || placed.every((p) => p[at] > most);
    return !beyond(0, this.frame.width) && !beyond(1, this.frame.height);
  }
}

/** The length of a scale bar: 1, 2 or 5 times a power of ten, at most `longest` metres. */
export function barMeters(longest: number): number {
  const power = 10 ** Math.floor(Math.log10(longest));
  const times = [5, 2, 1].find((each) => each * power <= longest) ?? 1;
  return times * power;
}
