/** A dot that moves from fix to fix instead of jumping: what is shown lags by about the time between two fixes. */
export interface Point {
  lat: number;
  lng: number;
}

export interface Pose extends Point {
  /** Degrees from north. */
  heading: number;
}

const FIRST_MS = 1000;
const SHORTEST_MS = 150;
const LONGEST_MS = 3000;
/** Further than this no taxi drives between two fixes: it is shown there at once. */
const JUMP_M = 600;
const METERS_A_DEGREE = 111_195;

export class Glide {
  private from: Pose | null = null;
  private to: Pose | null = null;
  private since = 0;
  private spanMs = FIRST_MS;

  hear(point: Point, heading: number | undefined, nowMs: number): void {
    const before = this.at(nowMs);
    const to = { lat: point.lat, lng: point.lng, heading: heading ?? before?.heading ?? 0 };
    const near = before !== null && metersApart(before, to) <= JUMP_M;
    if (this.to !== null) this.spanMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, nowMs - this.since));
    this.from = near ? before : to;
    this.to = to;
    this.since = nowMs;
  }

  at(nowMs: number): Pose | null {
    if (this.from === null || this.to === null) return null;
    const done = Math.min(1, Math.max(0, (nowMs - this.since) / this.spanMs));
    const turn = ((((this.to.heading - this.from.heading) % 360) + 540) % 360) - 180;
    return {
      lat: this.from.lat + (this.to.lat - this.from.lat) * done,
      lng: this.from.lng + (this.to.lng - this.from.lng) * done,
      heading: (this.from.heading + turn * done + 360) % 360,
    };
  }

  /** Whether it has come to where it was last heard. */
  rests(nowMs: number): boolean {
    return nowMs - this.since >= this.spanMs;
  }
}

/** By equirectangular projection, good to a part in a thousand within a city. */
export function metersApart(a: Point, b: Point): number {
  const north = (a.lat - b.lat) * METERS_A_DEGREE;
  const east = (a.lng - b.lng) * METERS_A_DEGREE * Math.cos((((a.lat + b.lat) / 2) * Math.PI) / 180);
  return Math.hypot(north, east);
}
