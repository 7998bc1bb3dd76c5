/** The part of the map that the rest of the console uses. */
export interface MapHandle {
  /** Vehicle ids of the cars in view. */
  carsInView(): string[];
  /** Centres the map on a car. If the car has no position within some seconds, a message says so. */
  find(vehicle: string): Promise<void>;
  close(): void;
}
