/** The time that is played: runs with the wall's, faster, between two ends. Without a timer of its own. */
export const SPEEDS = [1, 5, 10, 30, 60] as const;

export class ReplayClock {
  private at: number;
  private playing = false;
  private speed = 10;
  private since = 0;

  constructor(
    readonly begin: number,
    readonly end: number,
  ) {
    this.at = begin;
  }

  /** City time at a wall time (ms); at the end it stays. */
  now(wallMs: number): number {
    if (!this.playing) return this.at;
    return Math.min(this.end, this.at + ((wallMs - this.since) / 1000) * this.speed);
  }

  isPlaying(wallMs: number): boolean {
    return this.playing && this.now(wallMs) < this.end;
  }

  get times(): number {
    return this.speed;
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

  run(times: number, wallMs: number): void {
    this.at = this.now(wallMs);
    this.since = wallMs;
    this.speed = times;
  }
}
