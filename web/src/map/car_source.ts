/** Cars as the map draws them: arrays that are written in place, one entry a slot. Live fleet and replay are such. */
export interface CarSource {
  /** Slots in use, counted from 0; one that is free lies far outside of the world. */
  readonly length: number;
  /** Degrees of longitude and latitude from `origin`, two a slot. */
  readonly offsets: Float32Array;
  /** Red, green, blue, opacity. */
  readonly colours: Uint8Array;
  /** Degrees from north, -1 where it is unknown. */
  readonly headings: Float32Array;
  /** Counts up whenever colours or headings, or the arrays themselves, have changed. */
  readonly version: number;
  /** Move all cars to where they are at a wall time (ms); whether any has moved since the last time. */
  move(wallMs: number): boolean;
  nameOf(slot: number): string | undefined;
  slotOf(vehicle: string): number | undefined;
}

export interface Origin {
  lat: number;
  lng: number;
}

/** Where free slots are kept. */
export const NOWHERE = 400;

/** A colour for each of `MAP_STATES`: red, green, blue. */
export type Palette = readonly (readonly [number, number, number])[];
