/**
 * Where each slot is shown, and how old that is: between the fix that was left and the one that is glided to. Parallel
 * arrays, no object a car. Offsets are degrees from the origin, times wall milliseconds; `told` is when the newest fix
 * was taken.
 */
import { NOWHERE, type Origin } from './car_source';
import { glideMs, isJump, LONGEST_MS } from './motion';

const METERS_A_DEGREE = 111_195;
/** Two readings of one position differ by less (half a decimetre's step of the grid, degrees). */
const SAME_DEG = 1.6e-6;
/** Fixes closer in time are the same fix, told again (ms of wall; ages come in twentieths of a city second). */
const SAME_MS = 60;

export class Glides {
  offsets = new Float32Array(0);
  private told = new Float64Array(0);
  private moving = new Uint8Array(0);
  private from = new Float64Array(0);
  private to = new Float64Array(0);
  private began = new Float64Array(0);
  private lasts = new Float64Array(0);
  private usual = new Float64Array(0);
  private shown = new Float64Array(0);
  private readonly lngMeters: number;

  constructor(readonly origin: Origin) {
    this.lngMeters = METERS_A_DEGREE * Math.cos((origin.lat * Math.PI) / 180);
  }

  grow(size: number): void {
    this.offsets = larger(this.offsets, new Float32Array(size * 2));
    this.told = larger(this.told, new Float64Array(size));
    this.moving = larger(this.moving, new Uint8Array(size));
    this.from = larger(this.from, new Float64Array(size * 2));
    this.to = larger(this.to, new Float64Array(size * 2));
    this.began = larger(this.began, new Float64Array(size));
    this.lasts = larger(this.lasts, new Float64Array(size));
    this.usual = larger(this.usual, new Float64Array(size));
    this.shown = larger(this.shown, new Float64Array(size));
  }

  /** A slot for a car of which nothing was heard. */
  begin(slot: number): void {
    this.told[slot] = Number.NEGATIVE_INFINITY;
    this.usual[slot] = LONGEST_MS;
    this.moving[slot] = 0;
  }

  /** Out of sight. */
  end(slot: number): void {
    this.moving[slot] = 0;
    this.offsets[slot * 2] = NOWHERE;
    this.offsets[slot * 2 + 1] = 0;
  }

  toldAt(slot: number): number {
    return this.told[slot] ?? 0;
  }

  /** Longitude and latitude. */
  pointOf(slot: number): [number, number] {
    return [this.origin.lng + (this.offsets[slot * 2] ?? 0), this.origin.lat + (this.offsets[slot * 2 + 1] ?? 0)];
  }

  /** Move the first `length` slots to where they are; whether any has moved. */
  move(length: number, wallMs: number): boolean {
    let moved = false;
    for (let slot = 0; slot < length; slot += 1) {
      if (this.moving[slot] === 0) continue;
      moved = true;
      const part = (wallMs - (this.began[slot] as number)) / (this.lasts[slot] as number);
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

  /** How old (ms of wall) the position is that is shown. */
  shownAge(slot: number, wallMs: number): number {
    const [left, told] = [this.shown[slot] as number, this.told[slot] as number];
    if (this.moving[slot] === 0) return wallMs - told;
    const part = Math.min(1, (wallMs - (this.began[slot] as number)) / (this.lasts[slot] as number));
    return wallMs - (left + (told - left) * part);
  }

  /** A fix taken at `takenMs` is heard at `wallMs`, in a city that runs at `speed`. */
  fix(slot: number, dLng: number, dLat: number, takenMs: number, wallMs: number, speed: number): void {
    const before = this.told[slot] as number;
    if (before === Number.NEGATIVE_INFINITY) {
      this.put(slot, dLng, dLat, takenMs);
      return;
    }
    if (takenMs < before - SAME_MS) return;
    const [lng, lat] = [dLng - (this.to[slot * 2] as number), dLat - (this.to[slot * 2 + 1] as number)];
    if (Math.abs(lng) < SAME_DEG && Math.abs(lat) < SAME_DEG) {
      if (takenMs > before + SAME_MS) this.told[slot] = takenMs;
      return;
    }
    const [east, north] = [lng * this.lngMeters, lat * METERS_A_DEGREE];
    const meters = Math.sqrt(east * east + north * north); // hypot takes three times as long
    if (isJump(meters, ((takenMs - before) * speed) / 1000)) this.put(slot, dLng, dLat, takenMs);
    else this.glide(slot, dLng, dLat, takenMs, wallMs);
  }

  private put(slot: number, dLng: number, dLat: number, takenMs: number): void {
    const [x, y] = [slot * 2, slot * 2 + 1];
    this.offsets[x] = this.to[x] = dLng;
    this.offsets[y] = this.to[y] = dLat;
    this.told[slot] = takenMs;
    this.moving[slot] = 0;
  }

  private glide(slot: number, dLng: number, dLat: number, takenMs: number, wallMs: number): void {
    const [x, y] = [slot * 2, slot * 2 + 1];
    const shownMs = wallMs - this.shownAge(slot, wallMs);
    const before = this.told[slot] as number;
    this.usual[slot] = 0.7 * (this.usual[slot] as number) + 0.3 * Math.min(LONGEST_MS, takenMs - before);
    this.from[x] = this.offsets[x] as number;
    this.from[y] = this.offsets[y] as number;
    this.to[x] = dLng;
    this.to[y] = dLat;
    this.shown[slot] = shownMs;
    this.told[slot] = takenMs;
    this.began[slot] = wallMs;
    this.lasts[slot] = glideMs(this.usual[slot] as number, wallMs - takenMs);
    this.moving[slot] = 1;
  }
}

/** What was there, in a larger array. */
export function larger<A extends Float32Array | Float64Array | Uint8Array | Uint32Array>(old: A, made: A): A {
  made.set(old as never);
  return made;
}
