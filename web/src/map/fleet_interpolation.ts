/**
 * The positions of all cars on the map, interpolated between their last two fixes by the rules of `interpolation.ts`.
 * Parallel arrays instead of an object per car. Offsets are degrees from the origin, times wall milliseconds.
 */
import { NOWHERE, type Origin } from './car_source';
import { METERS_PER_DEGREE } from './geometry';
import { interpolationMs, isJump, LONGEST_MS } from './interpolation';

/** Two readings of the same position differ by less than this (degrees, half a step of the frame's grid). */
const SAME_DEG = 1.6e-6;
/** Fixes closer in time are the same fix, repeated (wall ms; ages are sent in steps of 1/20 city second). */
const SAME_MS = 60;

export class FleetInterpolation {
  offsets = new Float32Array(0);
  /** When the newest fix was taken. */
  private taken = new Float64Array(0);
  private moving = new Uint8Array(0);
  private from = new Float64Array(0);
  private to = new Float64Array(0);
  private began = new Float64Array(0);
  private lasting = new Float64Array(0);
  /** Usual time between two fixes. */
  private usual = new Float64Array(0);
  /** Time of the position at which the interpolation began. */
  private left = new Float64Array(0);
  private readonly lngMeters: number;

  constructor(readonly origin: Origin) {
    this.lngMeters = METERS_PER_DEGREE * Math.cos((origin.lat * Math.PI) / 180);
  }

  grow(size: number): void {
    this.offsets = larger(this.offsets, new Float32Array(size * 2));
    this.taken = larger(this.taken, new Float64Array(size));
    this.moving = larger(this.moving, new Uint8Array(size));
    this.from = larger(this.from, new Float64Array(size * 2));
    this.to = larger(this.to, new Float64Array(size * 2));
    this.began = larger(this.began, new Float64Array(size));
    this.lasting = larger(this.lasting, new Float64Array(size));
    this.usual = larger(this.usual, new Float64Array(size));
    this.left = larger(this.left, new Float64Array(size));
  }

  /** Prepares a slot for a car without a fix. */
  begin(slot: number): void {
    this.taken[slot] = Number.NEGATIVE_INFINITY;
    this.usual[slot] = LONGEST_MS;
    this.moving[slot] = 0;
  }

  /** Moves a slot out of sight. */
  end(slot: number): void {
    this.moving[slot] = 0;
    this.offsets[slot * 2] = NOWHERE;
    this.offsets[slot * 2 + 1] = 0;
  }

  fixTime(slot: number): number {
    return this.taken[slot] ?? 0;
  }

  /** Longitude and latitude. */
  pointOf(slot: number): [number, number] {
    return [this.origin.lng + (this.offsets[slot * 2] ?? 0), this.origin.lat + (this.offsets[slot * 2 + 1] ?? 0)];
  }

  /** Moves the first `length` slots to their positions at a time; true if any has moved. */
  move(length: number, wallMs: number): boolean {
    let moved = false;
    for (let slot = 0; slot < length; slot += 1) {
      if (this.moving[slot] === 0) continue;
      moved = true;
      const part = (wallMs - (this.began[slot] as number)) / (this.lasting[slot] as number);
      const [x, y] = [slot * 2, slot * 2 + 1];
      if (part >= 1) {
        this.offsets[x] = this.to[x] as number;
        this.offsets[y] = this.to[y] as number;
        this.moving[slot] = 0;
      } else {
        this.offsets[x] = (this.from[x] as number) + ((this.to[x] as number) - (this.from[x] as number)) * part;
        this.offsets[y] = (this.from[y] as number) + ((this.to[y] as number) - (this.from[y] as number)) * part;
      }
    }
    return moved;
  }

  /** Age (wall ms) of the position shown. */
  shownAge(slot: number, wallMs: number): number {
    const [left, taken] = [this.left[slot] as number, this.taken[slot] as number];
    if (this.moving[slot] === 0) return wallMs - taken;
    const part = Math.min(1, (wallMs - (this.began[slot] as number)) / (this.lasting[slot] as number));
    return wallMs - (left + (taken - left) * part);
  }

  /** Adds a fix that was taken at `takenMs` and arrived at `wallMs`, in a city that runs at `speed`. */
  add(slot: number, dLng: number, dLat: number, takenMs: number, wallMs: number, speed: number): void {
    const before = this.taken[slot] as number;
    if (before === Number.NEGATIVE_INFINITY) {
      this.put(slot, dLng, dLat, takenMs);
      return;
    }
    if (takenMs < before - SAME_MS) return;
    const [lng, lat] = [dLng - (this.to[slot * 2] as number), dLat - (this.to[slot * 2 + 1] as number)];
    if (Math.abs(lng) < SAME_DEG && Math.abs(lat) < SAME_DEG) {
      if (takenMs > before + SAME_MS) this.taken[slot] = takenMs;
      return;
    }
    const [east, north] = [lng * this.lngMeters, lat * METERS_PER_DEGREE];
    const meters = Math.sqrt(east * east + north * north); // Math.hypot is three times slower
    if (isJump(meters, ((takenMs - before) * speed) / 1000)) this.put(slot, dLng, dLat, takenMs);
    else this.interpolate(slot, dLng, dLat, takenMs, wallMs);
  }

  private put(slot: number, dLng: number, dLat: number, takenMs: number): void {
    const [x, y] = [slot * 2, slot * 2 + 1];
    this.offsets[x] = this.to[x] = dLng;
    this.offsets[y] = this.to[y] = dLat;
    this.taken[slot] = takenMs;
    this.moving[slot] = 0;
  }

  private interpolate(slot: number, dLng: number, dLat: number, takenMs: number, wallMs: number): void {
    const [x, y] = [slot * 2, slot * 2 + 1];
    const shownMs = wallMs - this.shownAge(slot, wallMs);
    const before = this.taken[slot] as number;
    this.usual[slot] = 0.7 * (this.usual[slot] as number) + 0.3 * Math.min(LONGEST_MS, takenMs - before);
    this.from[x] = this.offsets[x] as number;
    this.from[y] = this.offsets[y] as number;
    this.to[x] = dLng;
    this.to[y] = dLat;
    this.left[slot] = shownMs;
    this.taken[slot] = takenMs;
    this.began[slot] = wallMs;
    this.lasting[slot] = interpolationMs(this.usual[slot] as number, wallMs - takenMs);
    this.moving[slot] = 1;
  }
}

/** Copies an array into a larger one. */
export function larger<A extends Float32Array | Float64Array | Uint8Array | Uint32Array>(old: A, made: A): A {
  made.set(old as never);
  return made;
}
