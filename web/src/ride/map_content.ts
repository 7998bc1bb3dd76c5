/** The content of the map, or of the sketch that replaces it. */
import { METERS_PER_DEGREE, type Point } from '../map/geometry';
import type { Place } from '../protocol/messages';

export interface MapContent {
  pickup?: Place | undefined;
  dropoff?: Place | undefined;
  car?: (Point & { heading?: number; at: number }) | undefined;
  /** Latitude and longitude of each point. */
  route?: readonly [number, number][] | undefined;
}

/** The points that have to be in view. */
export function pointsOf(content: MapContent): Point[] {
  return [content.car, content.pickup, content.dropoff].filter((each) => each !== undefined);
}

/** Pixels. */
export interface SketchFrame {
  width: number;
  height: number;
  margin: number;
}

/** The smallest extent of a sketch, so that a single point is not magnified without limit. */
const SMALLEST_M = 300;

/** Projects points onto a frame: north up, all points in view, one scale. */
export class SketchProjection {
  private readonly lat: number;
  private readonly lng: number;
  private readonly metersPerLng: number;
  /** Pixels per metre. */
  readonly scale: number;

  constructor(
    points: readonly Point[],
    private readonly frame: SketchFrame,
  ) {
    const lats = points.map((each) => each.lat);
    const lngs = points.map((each) => each.lng);
    this.lat = (Math.min(...lats) + Math.max(...lats)) / 2;
    this.lng = (Math.min(...lngs) + Math.max(...lngs)) / 2;
    this.metersPerLng = METERS_PER_DEGREE * Math.cos((this.lat * Math.PI) / 180);
    const high = Math.max(SMALLEST_M, (Math.max(...lats) - Math.min(...lats)) * METERS_PER_DEGREE);
    const wide = Math.max(SMALLEST_M, (Math.max(...lngs) - Math.min(...lngs)) * this.metersPerLng);
    const free = { width: frame.width - 2 * frame.margin, height: frame.height - 2 * frame.margin };
    this.scale = Math.min(free.width / wide, free.height / high);
  }

  place(point: Point): [number, number] {
    const x = this.frame.width / 2 + (point.lng - this.lng) * this.metersPerLng * this.scale;
    const y = this.frame.height / 2 - (point.lat - this.lat) * METERS_PER_DEGREE * this.scale;
    return [Math.round(x * 10) / 10, Math.round(y * 10) / 10];
  }

  /** False if a line through these points lies completely to one side of the frame. */
  touches(points: readonly Point[]): boolean {
    const placed = points.map((each) => this.place(each));
    const beyond = (axis: 0 | 1, most: number) =>
      placed.every((p) => p[axis] < 0) || placed.every((p) => p[axis] > most);
    return !beyond(0, this.frame.width) && !beyond(1, this.frame.height);
  }
}

/** The length of a scale bar: 1, 2 or 5 times a power of ten, at most `longest` metres. */
export function barMeters(longest: number): number {
  const power = 10 ** Math.floor(Math.log10(longest));
  const times = [5, 2, 1].find((each) => each * power <= longest) ?? 1;
  return times * power;
}
