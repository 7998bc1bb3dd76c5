/** The part of the map that the rest of the console uses. */
export interface MapHandle {
  /** Vehicle ids of the cars in view. */
  carsInView(): string[];
  /** Centres the map on a car. Shows a message if the car has no position within some seconds. */
  find(vehicle: string): Promise<void>;
  close(): void;
}
