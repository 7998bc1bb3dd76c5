/** Lines from cars to their pick-ups, as arrays; one end of each line moves with the car. */
import type { CarSource, Origin } from '../map/car_source';
import type { Place } from '../protocol/messages';

export class PickupLines {
  count = 0;
  from = new Float32Array(0);
  to = new Float32Array(0);
  private wanted: readonly { vehicle: string; pickup: Place }[] = [];

  constructor(private readonly origin: Origin) {}

  set(wanted: readonly { vehicle: string; pickup: Place }[]): void {
    this.wanted = wanted;
    this.count = wanted.length;
    if (this.from.length < wanted.length * 2) {
      this.from = new Float32Array(wanted.length * 4);
      this.to = new Float32Array(wanted.length * 4);
    }
  }

  /** Updates the ends of all lines; for a car that is not in view both ends are at the pick-up. */
  follow(cars: CarSource): void {
    this.wanted.forEach(({ vehicle, pickup }, place) => {
      const [x, y] = [pickup.lng - this.origin.lng, pickup.lat - this.origin.lat];
      const slot = cars.slotOf(vehicle);
      this.to[place * 2] = x;
      this.to[place * 2 + 1] = y;
      this.from[place * 2] = slot === undefined ? x : (cars.offsets[slot * 2] as number);
      this.from[place * 2 + 1] = slot === undefined ? y : (cars.offsets[slot * 2 + 1] as number);
    });
  }
}
