/** Cars as the map draws them: arrays with one entry per slot, updated in place. Implemented by fleet and replay. */
export interface CarSource {
  /** Number of slots in use; a free slot among them has a position outside of the world. */
  readonly length: number;
  /** Degrees of longitude and latitude from the origin, two entries per slot. */
  readonly offsets: Float32Array;
  /** Red, green, blue, opacity. */
  readonly colours: Uint8Array;
  /** Degrees from north, -1 if unknown. */
  readonly headings: Float32Array;
  /** Increases whenever colours, headings or the arrays themselves change. */
  readonly version: number;
  /** Moves all cars to their positions at a wall time (ms); true if any has moved. */
  move(wallMs: number): boolean;
  nameOf(slot: number): string | undefined;
  slotOf(vehicle: string): number | undefined;
}

export interface Origin {
  lat: number;
  lng: number;
}

/** The longitude offset of free slots. */
export const NOWHERE = 400;

/** Red, green and blue for each of `MAP_STATES`. */
export type Palette = readonly (readonly [number, number, number])[];
