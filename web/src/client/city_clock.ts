/** City time: the clock of offers, fares and reservations. It equals wall time in production; a simulated city runs faster. */
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

  /** City time in Unix seconds. */
  now(): number {
    return this.at(this.wallNow());
  }

  /** Converts a time of this device (Unix seconds) into city time. */
  at(wall: number): number {
    return this.city + (wall - this.wall) * this.speed;
  }

  /** Wall milliseconds until a city time; never negative. */
  msUntil(cityTime: number): number {
    return Math.max(0, ((cityTime - this.now()) / this.speed) * 1000);
  }
}
