/**
 * All cars that the console sees, in parallel arrays: heard cell by cell, drawn without an object a car. Where each is
 * shown is the work of `Glides`.
 *
 * Rule 1. A vehicle has one slot, whichever host or cell tells of it. What the last frame says of its cell holds: a
 *         cell that it has left cannot remove it.
 * Rule 2. A whole frame removes this host's cars in that cell that it does not name. A number without a name that was
 *         told before is passed over: the next whole frame tells it.
 * Rule 3. Times are wall milliseconds.
 */
import type { CellFrame } from '../protocol/messages';
import { MAP_STATES } from '../protocol/tables';
import type { CarSource, Origin, Palette } from './car_source';
import type { Box } from './cells_in_view';
import { eachCar, GONE } from './frames';
import { Glides, larger } from './glides';

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

/** A car that has not been heard for so long (city seconds) is drawn paler. */
export const SILENT_S = 60;
const OPAQUE = 255;
const PALE = 110;

export class Fleet implements CarSource {
  length = 0;
  version = 0;
  colours = new Uint8Array(0);
  headings = new Float32Array(0);
  private state = new Uint8Array(0);
  private round = new Uint32Array(0);
  private names: (string | undefined)[] = [];
  private placeOf: (Place | undefined)[] = [];
  private numberAt: ({ of: Map<number, number>; number: number } | undefined)[] = [];
  private readonly slots = new Map<string, number>();
  private readonly free: number[] = [];
  private readonly places = new Map<string, Place>();
  private readonly numberings = new Map<string, Map<number, number>>();
  private readonly glides: Glides;
  private rounds = 0;

  constructor(
    readonly origin: Origin,
    private palette: Palette,
  ) {
    this.glides = new Glides(origin);
    this.grow(256);
  }

  get offsets(): Float32Array {
    return this.glides.offsets;
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
    return this.glides.toldAt(slot);
  }

  /** Where a car is shown: longitude and latitude. */
  pointOf(slot: number): [number, number] {
    return this.glides.pointOf(slot);
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
      this.glides.fix(slot, lng - this.origin.lng, lat - this.origin.lat, takenMs, heard.wallMs, heard.speed);
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
    return this.glides.move(this.length, wallMs);
  }

  /** How old (ms of wall) the position is that is shown of a car. */
  shownAge(slot: number, wallMs: number): number {
    return this.glides.shownAge(slot, wallMs);
  }

  /** Cars in each state, by `MAP_STATES`, of those in a box; and who has been silent for long is drawn paler. */
  count(wallMs: number, speed: number, box: Box | null = null): number[] {
    const counts = MAP_STATES.map(() => 0);
    for (let slot = 0; slot < this.length; slot += 1) {
      if (this.names[slot] === undefined) continue;
      const state = this.state[slot] as number;
      if (box === null || this.isIn(box, slot)) counts[state] = (counts[state] ?? 0) + 1;
      const silent = ((wallMs - this.glides.toldAt(slot)) * speed) / 1000 > SILENT_S;
      const opacity = silent || state === 0 ? PALE : OPAQUE;
      if (this.colours[slot * 4 + 3] === opacity) continue;
      this.colours[slot * 4 + 3] = opacity;
      this.version += 1;
    }
    return counts;
  }

  private isIn(box: Box, slot: number): boolean {
    const [lng, lat] = this.glides.pointOf(slot);
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
    this.state[slot] = GONE;
    this.glides.begin(slot);
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
    this.glides.end(slot);
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
    this.glides.grow(size);
    this.colours = larger(this.colours, new Uint8Array(size * 4));
    this.headings = larger(this.headings, new Float32Array(size));
    this.state = larger(this.state, new Uint8Array(size));
    this.round = larger(this.round, new Uint32Array(size));
  }

  // ── looks ─────────────────────────────────────────────────────────────────────────────────────────────────────

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
