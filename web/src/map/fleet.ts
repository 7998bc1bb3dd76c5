/**
 * All cars in view of the console, in parallel arrays: received cell by cell and drawn without an object per car.
 * `FleetInterpolation` holds their positions.
 *
 * Rule 1. A vehicle has one slot, whichever host or cell reports it. The last frame determines its cell: a cell that
 *         the vehicle has left cannot remove it.
 * Rule 2. A full frame removes the cars of its host and cell that it does not contain. A number whose name is unknown
 *         is skipped; the next full frame contains the name.
 * Rule 3. Times are wall milliseconds.
 */
import type { CellFrame } from '../protocol/messages';
import { MAP_STATES } from '../protocol/tables';
import type { CarSource, Origin, Palette } from './car_source';
import type { Box } from './cells_in_view';
import { FleetInterpolation, larger } from './fleet_interpolation';
import { eachCar, GONE } from './frames';

/** City time and wall time at which a frame arrives. */
export interface ArrivalTime {
  wallMs: number;
  city: number;
  speed: number;
}

interface Place {
  cell: string;
  slots: Set<number>;
}

/** A car without a fix for this long (city seconds) is drawn paler. */
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
  private numberAt: ({ numbering: Map<number, number>; number: number } | undefined)[] = [];
  private readonly slots = new Map<string, number>();
  private readonly free: number[] = [];
  private readonly places = new Map<string, Place>();
  private readonly numberings = new Map<string, Map<number, number>>();
  private readonly positions: FleetInterpolation;
  private rounds = 0;

  constructor(
    readonly origin: Origin,
    private palette: Palette,
  ) {
    this.positions = new FleetInterpolation(origin);
    this.grow(256);
  }

  get offsets(): Float32Array {
    return this.positions.offsets;
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

  /** Wall time (ms) at which the newest fix of a car was taken. */
  fixTime(slot: number): number {
    return this.positions.fixTime(slot);
  }

  /** Longitude and latitude at which a car is shown. */
  pointOf(slot: number): [number, number] {
    return this.positions.pointOf(slot);
  }

  ingest(frames: readonly CellFrame[], arrival: ArrivalTime): void {
    for (const frame of frames) this.ingestFrame(frame, arrival);
    this.version += 1;
  }

  private ingestFrame(frame: CellFrame, arrival: ArrivalTime): void {
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
      if (name !== undefined) this.assignNumber(slot, numbering, number);
      this.moveTo(slot, place);
      this.round[slot] = round;
      const takenMs = arrival.wallMs - ((arrival.city - (at - ageS)) * 1000) / arrival.speed;
      this.positions.add(slot, lng - this.origin.lng, lat - this.origin.lat, takenMs, arrival.wallMs, arrival.speed);
      this.setLook(slot, heading, state);
    });
    if (whole) for (const slot of place.slots) if (this.round[slot] !== round) this.remove(slot);
  }

  /** Removes the cars in cells that are no longer watched. */
  keepOnly(cells: ReadonlySet<string>): void {
    for (const [key, place] of this.places) {
      if (cells.has(place.cell)) continue;
      for (const slot of place.slots) this.remove(slot);
      this.places.delete(key);
    }
    this.version += 1;
  }

  move(wallMs: number): boolean {
    return this.positions.move(this.length, wallMs);
  }

  /** Age (wall ms) of the position shown. */
  shownAge(slot: number, wallMs: number): number {
    return this.positions.shownAge(slot, wallMs);
  }

  /** Number of cars in each of `MAP_STATES` within a box. Cars without a recent fix become paler. */
  count(wallMs: number, speed: number, box: Box | null = null): number[] {
    const counts = MAP_STATES.map(() => 0);
    for (let slot = 0; slot < this.length; slot += 1) {
      if (this.names[slot] === undefined) continue;
      const state = this.state[slot] as number;
      if (box === null || this.isIn(box, slot)) counts[state] = (counts[state] ?? 0) + 1;
      const silent = ((wallMs - this.positions.fixTime(slot)) * speed) / 1000 > SILENT_S;
      const opacity = silent || state === 0 ? PALE : OPAQUE;
      if (this.colours[slot * 4 + 3] === opacity) continue;
      this.colours[slot * 4 + 3] = opacity;
      this.version += 1;
    }
    return counts;
  }

  private isIn(box: Box, slot: number): boolean {
    const [lng, lat] = this.positions.pointOf(slot);
    return lng >= box.west && lng <= box.east && lat >= box.south && lat <= box.north;
  }

  /** Calls `visit` with the slot of each car and the index of its state in `MAP_STATES`. */
  forEach(visit: (slot: number, state: number) => void): void {
    for (let slot = 0; slot < this.length; slot += 1) {
      if (this.names[slot] !== undefined) visit(slot, this.state[slot] as number);
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
    this.positions.begin(slot);
    return slot;
  }

  private remove(slot: number): void {
    const name = this.names[slot];
    if (name === undefined) return;
    this.placeOf[slot]?.slots.delete(slot);
    this.placeOf[slot] = undefined;
    const numbered = this.numberAt[slot];
    if (numbered?.numbering.get(numbered.number) === slot) numbered.numbering.delete(numbered.number);
    this.numberAt[slot] = undefined;
    this.names[slot] = undefined;
    this.slots.delete(name);
    this.positions.end(slot);
    this.colours.fill(0, slot * 4, slot * 4 + 4);
    this.free.push(slot);
  }

  private assignNumber(slot: number, numbering: Map<number, number>, number: number): void {
    const before = this.numberAt[slot];
    if (before?.numbering === numbering && before.number === number && numbering.get(number) === slot) return;
    if (before?.numbering.get(before.number) === slot) before.numbering.delete(before.number);
    this.numberAt[slot] = { numbering, number };
    numbering.set(number, slot);
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
    this.positions.grow(size);
    this.colours = larger(this.colours, new Uint8Array(size * 4));
    this.headings = larger(this.headings, new Float32Array(size));
    this.state = larger(this.state, new Uint8Array(size));
    this.round = larger(this.round, new Uint32Array(size));
  }

  // ── looks ─────────────────────────────────────────────────────────────────────────────────────────────────────

  private setLook(slot: number, heading: number, state: number): void {
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
