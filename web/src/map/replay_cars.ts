/**
 * Cars of a replay, at their archived positions at the time that is played.
 *
 * Rule 1. Between two points at most `GAP_S` apart a car is interpolated. After its last point it stands for `HOLD_S`;
 *         then it is hidden, because its position is unknown.
 * Rule 2. Segments may arrive twice (a segment may belong to two pages) and in any order.
 */
import type { Track } from '../protocol/reads';
import { MAP_STATES } from '../protocol/tables';
import type { CarSource, Origin, Palette } from './car_source';
import { NOWHERE } from './car_source';

/** City seconds. The archive contains a standing car every 30 s. */
export const GAP_S = 50;
export const HOLD_S = 90;
const POINT_BYTES = 13;
const MICRO = 1e-6;
const NOT_SHOWN = 255;

interface Segment {
  since: number;
  until: number;
  times: Float64Array;
  x: Float32Array;
  y: Float32Array;
  state: Uint8Array;
}

/** Decodes the points of a track. Throws RangeError for a partial point. */
export function readTrack(track: Track, origin: Origin): Segment {
  const { points } = track;
  if (points.byteLength % POINT_BYTES !== 0)
    throw new RangeError(`${points.byteLength} bytes are not a whole number of points`);
  const count = points.byteLength / POINT_BYTES;
  const view = new DataView(points.buffer, points.byteOffset, points.byteLength);
  const [times, x, y] = [new Float64Array(count), new Float32Array(count), new Float32Array(count)];
  const state = new Uint8Array(count);
  for (let each = 0; each < count; each += 1) {
    const at = each * POINT_BYTES;
    times[each] = track.since + view.getUint32(at, true) / 10;
    y[each] = view.getInt32(at + 4, true) * MICRO - origin.lat;
    x[each] = view.getInt32(at + 8, true) * MICRO - origin.lng;
    state[each] = view.getUint8(at + 12);
  }
  return { since: track.since, until: track.until, times, x, y, state };
}

export class ReplayCars implements CarSource {
  length = 0;
  version = 0;
  offsets = new Float32Array(128);
  colours = new Uint8Array(256);
  headings = new Float32Array(64);
  private states = new Uint8Array(64).fill(NOT_SHOWN);
  private readonly names: string[] = [];
  private readonly slots = new Map<string, number>();
  private readonly segments: Segment[][] = [];

  constructor(
    private readonly origin: Origin,
    private palette: Palette,
    /** The city time that is played. */
    private readonly now: () => number,
  ) {}

  nameOf(slot: number): string | undefined {
    return this.states[slot] === NOT_SHOWN ? undefined : this.names[slot];
  }

  slotOf(vehicle: string): number | undefined {
    const slot = this.slots.get(vehicle);
    return slot === undefined || this.states[slot] === NOT_SHOWN ? undefined : slot;
  }

  stateOf(slot: number): number {
    return this.states[slot] ?? NOT_SHOWN;
  }

  pointOf(slot: number): [number, number] {
    return [this.origin.lng + (this.offsets[slot * 2] ?? 0), this.origin.lat + (this.offsets[slot * 2 + 1] ?? 0)];
  }

  /** Number of cars shown in each of `MAP_STATES`. */
  count(): number[] {
    const counts = MAP_STATES.map(() => 0);
    for (let slot = 0; slot < this.length; slot += 1) {
      const state = this.states[slot] as number;
      if (state !== NOT_SHOWN) counts[state] = (counts[state] ?? 0) + 1;
    }
    return counts;
  }

  add(tracks: readonly Track[]): void {
    const changed = new Set<number>();
    for (const track of tracks) {
      const slot = this.slotFor(track.vehicle);
      const segments = this.segments[slot] as Segment[];
      if (segments.some((segment) => segment.since === track.since)) continue;
      segments.push(readTrack(track, this.origin));
      changed.add(slot);
    }
    for (const slot of changed) this.segments[slot]?.sort((a, b) => a.since - b.since);
  }

  recolour(palette: Palette): void {
    this.palette = palette;
    for (let slot = 0; slot < this.length; slot += 1) this.paint(slot);
    this.version += 1;
  }

  /** Moves all cars to their positions at the time that is played; the wall time is ignored. */
  move(_wallMs: number): boolean {
    const now = this.now();
    for (let slot = 0; slot < this.length; slot += 1) this.place(slot, now);
    return true;
  }

  private place(slot: number, now: number): void {
    const segments = this.segments[slot] as Segment[];
    const segment = lastSegment(segments, now);
    const current = segments[segment];
    if (current === undefined) {
      this.hide(slot);
      return;
    }
    const point = lastPoint(current.times, now);
    const since = current.times[point];
    if (since === undefined) {
      this.hide(slot);
      return;
    }
    const inside = point + 1 < current.times.length;
    const ahead = inside ? current : segments[segment + 1];
    const next = inside ? point + 1 : 0;
    const until = ahead?.times[next];
    const [x, y] = [current.x[point] as number, current.y[point] as number];
    if (ahead !== undefined && until !== undefined && until - since <= GAP_S) {
      const part = until > since ? Math.min(1, (now - since) / (until - since)) : 1;
      this.show(slot, x, y, (ahead.x[next] as number) - x, (ahead.y[next] as number) - y, part);
    } else if (now - since <= HOLD_S) {
      this.show(slot, x, y, 0, 0, 0);
    } else {
      this.hide(slot);
      return;
    }
    this.setState(slot, current.state[point] as number);
  }

  private show(slot: number, x: number, y: number, dx: number, dy: number, part: number): void {
    this.offsets[slot * 2] = x + dx * part;
    this.offsets[slot * 2 + 1] = y + dy * part;
    if (Math.abs(dx) + Math.abs(dy) < 1e-5) return;
    const degrees = (Math.atan2(dx * Math.cos((this.origin.lat * Math.PI) / 180), dy) * 180) / Math.PI;
    const heading = (degrees + 360) % 360;
    if (this.headings[slot] === heading) return;
    this.headings[slot] = heading;
    this.version += 1;
  }

  private hide(slot: number): void {
    this.offsets[slot * 2] = NOWHERE;
    this.setState(slot, NOT_SHOWN);
  }

  private setState(slot: number, state: number): void {
    if (this.states[slot] === state) return;
    this.states[slot] = state;
    this.paint(slot);
    this.version += 1;
  }

  private paint(slot: number): void {
    const colour = this.palette[this.states[slot] as number];
    this.colours.set(colour === undefined ? [0, 0, 0, 0] : [...colour, 255], slot * 4);
  }

  private slotFor(vehicle: string): number {
    const known = this.slots.get(vehicle);
    if (known !== undefined) return known;
    const slot = this.length++;
    if (slot >= this.states.length) this.grow();
    this.slots.set(vehicle, slot);
    this.names[slot] = vehicle;
    this.segments[slot] = [];
    this.headings[slot] = -1;
    this.offsets[slot * 2] = NOWHERE;
    return slot;
  }

  private grow(): void {
    const size = this.states.length * 2;
    const before = { offsets: this.offsets, colours: this.colours, headings: this.headings, states: this.states };
    this.offsets = new Float32Array(size * 2);
    this.colours = new Uint8Array(size * 4);
    this.headings = new Float32Array(size);
    this.states = new Uint8Array(size).fill(NOT_SHOWN);
    this.offsets.set(before.offsets);
    this.colours.set(before.colours);
    this.headings.set(before.headings);
    this.states.set(before.states);
  }
}

function lastSegment(segments: readonly Segment[], now: number): number {
  let found = -1;
  for (let place = 0; place < segments.length && (segments[place] as Segment).since <= now; place += 1) found = place;
  return found;
}

/** Index of the last time that is not after `now`, -1 if there is none. */
function lastPoint(times: Float64Array, now: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) <= now) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
