/** The time of a replay: it runs faster than wall time between two ends. It has no timer. */
export const SPEEDS = [1, 5, 10, 30, 60] as const;

export class ReplayClock {
  private at: number;
  private playing = false;
  private currentSpeed = 10;
  private since = 0;

  constructor(
    readonly begin: number,
    readonly end: number,
  ) {
    this.at = begin;
  }

  /** City time at a wall time (ms); it stops at the end. */
  now(wallMs: number): number {
    if (!this.playing) return this.at;
    return Math.min(this.end, this.at + ((wallMs - this.since) / 1000) * this.currentSpeed);
  }

  isPlaying(wallMs: number): boolean {
    return this.playing && this.now(wallMs) < this.end;
  }

  get speed(): number {
    return this.currentSpeed;
  }

  play(wallMs: number): void {
    if (this.now(wallMs) >= this.end) this.at = this.begin;
    else this.at = this.now(wallMs);
    this.since = wallMs;
    this.playing = true;
  }

  pause(wallMs: number): void {
    this.at = this.now(wallMs);
    this.playing = false;
  }

  seek(at: number, wallMs: number): void {
    this.at = Math.min(this.end, Math.max(this.begin, at));
    this.since = wallMs;
  }

  setSpeed(speed: number, wallMs: number): void {
    this.at = this.now(wallMs);
    this.since = wallMs;
    this.currentSpeed = speed;
  }
}
