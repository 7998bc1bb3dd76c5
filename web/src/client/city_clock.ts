/** City time, which rules offers, fares and reservations. In production it is the wall's; a simulated city runs faster. */
export class CityClock {
  private city = 0;
  private wall = 0;
  speed = 1;

  constructor(private readonly wallNow: () => number = () => Date.now() / 1000) {
    this.set(wallNow(), 1);
  }

  set(cityTime: number, speed: number): void {
    this.city = cityTime;
    this.wall = this.wallNow();
    this.speed = speed;
  }

  /** Unix seconds of the city. */
  now(): number {
    return this.at(this.wallNow());
  }

  /** The city time that it was, or will be, at a time of this device's clock (Unix seconds). */
  at(wall: number): number {
    return this.city + (wall - this.wall) * this.speed;
  }

  /** Milliseconds of the wall until a city time; never negative. */
  msUntil(cityTime: number): number {
    return Math.max(0, ((cityTime - this.now()) / this.speed) * 1000);
  }
}
