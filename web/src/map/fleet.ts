/**
 * All cars that the console sees, in parallel arrays: heard cell by cell, moved smoothly, drawn without an object a car.
 *
 * Rule 1. A vehicle has one slot, whichever host or cell tells of it. What the last frame says of its cell holds: a
 *         cell that it has left cannot remove it.
 * Rule 2. A whole frame removes this host's cars in that cell that it does not name. A number without a name that was
 *         told before is passed over: the next whole frame tells it.
 * Rule 3. Times are wall milliseconds. `told` is when the newest fix was taken; what is shown is as old as `shownAge`
 *         says, which runs from the fix that was left to the one that is glided to.
 */
import type { CellFrame } from '../wire/messages';
import { MAP_STATES } from '../wire/tables';
import type { CarSource, Origin, Palette } from './car_source';
import { NOWHERE } from './car_source';
import type { Box } from './cells_in_view';
import { eachCar, GONE } from './frames';
import { glideMs, isJump, LONGEST_MS } from './motion';

/** City time and wall time when a frame is heard. */
export interface HeardAt {
  wallMs: number;
  city: number;
  speed: number;
}

interface Place {
  cell: string;
  slots: Set<number>;
}

const METERS_A_DEGREE = 111_195;
/** Two readings of one position differ by less (half a decimetre's step of the grid, degrees). */
const SAME_DEG = 1.6e-6;
/** Fixes closer in time are the same fix, told again (ms of wall; ages come in twentieths of a city second). */
const SAME_MS = 60;
/** A car that has not been heard for so long (city seconds) is drawn paler. */
export const SILENT_S = 60;
const OPAQUE = 255;
const PALE = 110;

export class Fleet implements CarSource {
  length = 0;
  version = 0;
  offsets = new Float32Array(0);
  colours = new Uint8Array(0);
  headings = new Float32Array(0);
  private state = new Uint8Array(0);
  private moving = new Uint8Array(0);
  private round = new Uint32Array(0);
  private from = new Float64Array(0);
  private to = new Float64Array(0);
  private began = new Float64Array(0);
  private lasts = new Float64Array(0);
  private usual = new Float64Array(0);
  private shown = new Float64Array(0);
  private told = new Float64Array(0);
  private names: (string | undefined)[] = [];
  private placeOf: (Place | undefined)[] = [];
  private numberAt: ({ of: Map<number, number>; number: number } | undefined)[] = [];
  private readonly slots = new Map<string, number>();
  private readonly free: number[] = [];
  private readonly places = new Map<string, Place>();
  private readonly numberings = new Map<string, Map<number, number>>();
  private rounds = 0;
  private readonly lngMeters: number;

  constructor(
    readonly origin: Origin,
    private palette: Palette,
  ) {
    this.lngMeters = METERS_A_DEGREE * Math.cos((origin.lat * Math.PI) / 180);
    this.grow(256);
  }

  /** Cars on the map. */
  get size(): number {
    return this.slots.size;
  }

  nameOf(slot: number): string | undefined {
    return this.names[slot];
  }

  slotOf(vehicle: string): number | undefined {
    return this.slots.get(vehicle);
  }

  stateOf(slot: number): number {
    return this.state[slot] ?? 0;
  }

  /** When the newest fix of a car was taken (wall ms). */
  toldAt(slot: number): number {
    return this.told[slot] ?? 0;
  }

  /** Where a car is shown: longitude and latitude. */
  pointOf(slot: number): [number, number] {
    return [this.origin.lng + (this.offsets[slot * 2] ?? 0), this.origin.lat + (this.offsets[slot * 2 + 1] ?? 0)];
  }

  hear(frames: readonly CellFrame[], heard: HeardAt): void {
    for (const frame of frames) this.hearOne(frame, heard);
    this.version += 1;
  }

  private hearOne(frame: CellFrame, heard: HeardAt): void {
    const [cell, host, at, whole, , names = {}] = frame;
    const place = this.place(host, cell);
    const numbering = this.numbering(host);
    const round = ++this.rounds;
    eachCar(frame, (number, lat, lng, heading, state, ageS) => {
      const name = names[number];
      const slot = name === undefined ? numbering.get(number) : this.slotFor(name);
      if (slot === undefined) return;
      if (state === GONE) {
        if (this.placeOf[slot] === place) this.remove(slot);
        return;
      }
      if (name !== undefined) this.giveNumber(slot, numbering, number);
      this.moveTo(slot, place);
      this.round[slot] = round;
      const takenMs = heard.wallMs - ((heard.city - (at - ageS)) * 1000) / heard.speed;
      this.fix(slot, lng - this.origin.lng, lat - this.origin.lat, takenMs, heard);
      this.look(slot, heading, state);
    });
    if (whole) for (const slot of place.slots) if (this.round[slot] !== round) this.remove(slot);
  }

  /** Forget what lies in cells that are no longer watched. */
  keepOnly(cells: ReadonlySet<string>): void {
    for (const [key, place] of this.places) {
      if (cells.has(place.cell)) continue;
      for (const slot of place.slots) this.remove(slot);
      this.places.delete(key);
    }
    this.version += 1;
  }

  move(wallMs: number): boolean {
    let moved = false;
    for (let slot = 0; slot < this.length; slot += 1) {
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

  /** How old (ms of wall) the position is that is shown of a car. */
  shownAge(slot: number, wallMs: number): number {
    const [left, told] = [this.shown[slot] as number, this.told[slot] as number];
    if (this.moving[slot] === 0) return wallMs - told;
    const part = Math.min(1, (wallMs - (this.began[slot] as number)) / (this.lasts[slot] as number));
    return wallMs - (left + (told - left) * part);
  }

  /** Cars in each state, by `MAP_STATES`, of those in a box; and who has been silent for long is drawn paler. */
  count(wallMs: number, speed: number, box: Box | null = null): number[] {
    const counts = MAP_STATES.map(() => 0);
    for (let slot = 0; slot < this.length; slot += 1) {
      if (this.names[slot] === undefined) continue;
      const state = this.state[slot] as number;
      if (box === null || this.isIn(box, slot)) counts[state] = (counts[state] ?? 0) + 1;
      const silent = ((wallMs - (this.told[slot] as number)) * speed) / 1000 > SILENT_S;
      const opacity = silent || state === 0 ? PALE : OPAQUE;
      if (this.colours[slot * 4 + 3] === opacity) continue;
      this.colours[slot * 4 + 3] = opacity;
      this.version += 1;
    }
    return counts;
  }

  private isIn(box: Box, slot: number): boolean {
    const lng = this.origin.lng + (this.offsets[slot * 2] as number);
    const lat = this.origin.lat + (this.offsets[slot * 2 + 1] as number);
    return lng >= box.west && lng <= box.east && lat >= box.south && lat <= box.north;
  }

  /** Each car: its slot and its place in `MAP_STATES`. */
  each(see: (slot: number, state: number) => void): void {
    for (let slot = 0; slot < this.length; slot += 1) {
      if (this.names[slot] !== undefined) see(slot, this.state[slot] as number);
    }
  }

  recolour(palette: Palette): void {
    this.palette = palette;
    for (let slot = 0; slot < this.length; slot += 1) this.paint(slot);
    this.version += 1;
  }

  // ── slots ─────────────────────────────────────────────────────────────────────────────────────────────────────

  private slotFor(name: string): number {
    const known = this.slots.get(name);
    if (known !== undefined) return known;
    const slot = this.free.pop() ?? this.length++;
    if (slot >= this.state.length) this.grow(this.state.length * 2);
    this.slots.set(name, slot);
    this.names[slot] = name;
    this.told[slot] = Number.NEGATIVE_INFINITY;
    this.state[slot] = GONE;
    this.usual[slot] = LONGEST_MS;
    this.moving[slot] = 0;
    return slot;
  }

  private remove(slot: number): void {
    const name = this.names[slot];
    if (name === undefined) return;
    this.placeOf[slot]?.slots.delete(slot);
    this.placeOf[slot] = undefined;
    const numbered = this.numberAt[slot];
    if (numbered?.of.get(numbered.number) === slot) numbered.of.delete(numbered.number);
    this.numberAt[slot] = undefined;
    this.names[slot] = undefined;
    this.slots.delete(name);
    this.moving[slot] = 0;
    this.offsets[slot * 2] = NOWHERE;
    this.offsets[slot * 2 + 1] = 0;
    this.colours.fill(0, slot * 4, slot * 4 + 4);
    this.free.push(slot);
  }

  private giveNumber(slot: number, of: Map<number, number>, number: number): void {
    const before = this.numberAt[slot];
    if (before?.of === of && before.number === number && of.get(number) === slot) return;
    if (before?.of.get(before.number) === slot) before.of.delete(before.number);
    this.numberAt[slot] = { of, number };
    of.set(number, slot);
  }

  private moveTo(slot: number, place: Place): void {
    if (this.placeOf[slot] === place) return;
    this.placeOf[slot]?.slots.delete(slot);
    this.placeOf[slot] = place;
    place.slots.add(slot);
  }

  private place(host: string, cell: string): Place {
    const key = `${host} ${cell}`;
    let place = this.places.get(key);
    if (place === undefined) {
      place = { cell, slots: new Set() };
      this.places.set(key, place);
    }
    return place;
  }

  private numbering(host: string): Map<number, number> {
    let numbering = this.numberings.get(host);
    if (numbering === undefined) {
      numbering = new Map();
      this.numberings.set(host, numbering);
    }
    return numbering;
  }

  private grow(size: number): void {
    const more = <A extends Float32Array | Float64Array | Uint8Array | Uint32Array>(old: A, made: A): A => {
      made.set(old as never);
      return made;
    };
    this.offsets = more(this.offsets, new Float32Array(size * 2));
    this.colours = more(this.colours, new Uint8Array(size * 4));
    this.headings = more(this.headings, new Float32Array(size));
    this.state = more(this.state, new Uint8Array(size));
    this.moving = more(this.moving, new Uint8Array(size));
    this.round = more(this.round, new Uint32Array(size));
    this.from = more(this.from, new Float64Array(size * 2));
    this.to = more(this.to, new Float64Array(size * 2));
    this.began = more(this.began, new Float64Array(size));
    this.lasts = more(this.lasts, new Float64Array(size));
    this.usual = more(this.usual, new Float64Array(size));
    this.shown = more(this.shown, new Float64Array(size));
    this.told = more(this.told, new Float64Array(size));
  }

  // ── one car ───────────────────────────────────────────────────────────────────────────────────────────────────

  private fix(slot: number, dLng: number, dLat: number, takenMs: number, heard: HeardAt): void {
    const [x, y] = [slot * 2, slot * 2 + 1];
    const before = this.told[slot] as number;
    if (before === Number.NEGATIVE_INFINITY) {
      this.put(slot, dLng, dLat, takenMs);
      return;
    }
    if (takenMs < before - SAME_MS) return;
    const same =
      Math.abs(dLng - (this.to[x] as number)) < SAME_DEG && Math.abs(dLat - (this.to[y] as number)) < SAME_DEG;
    if (same) {
      if (takenMs > before + SAME_MS) this.told[slot] = takenMs;
      return;
    }
    const meters = Math.hypot(
      (dLng - (this.to[x] as number)) * this.lngMeters,
      (dLat - (this.to[y] as number)) * METERS_A_DEGREE,
    );
    if (isJump(meters, ((takenMs - before) * heard.speed) / 1000)) this.put(slot, dLng, dLat, takenMs);
    else this.glide(slot, dLng, dLat, takenMs, heard.wallMs);
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

  private look(slot: number, heading: number, state: number): void {
    this.headings[slot] = heading;
    if (this.state[slot] === state) return;
    this.state[slot] = state;
    this.paint(slot);
  }

  private paint(slot: number): void {
    if (this.names[slot] === undefined) return;
    const state = this.state[slot] as number;
    const [red, green, blue] = this.palette[state] ?? [128, 128, 128];
    this.colours[slot * 4] = red;
    this.colours[slot * 4 + 1] = green;
    this.colours[slot * 4 + 2] = blue;
    this.colours[slot * 4 + 3] = state === 0 ? PALE : OPAQUE;
  }
}
