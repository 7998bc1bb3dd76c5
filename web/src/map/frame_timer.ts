/**
 * The script time of each frame: all code that runs in animation frames and for messages of the socket. Active only if
 * the page was opened with `#measure`; `taxi bench map` reads the result from `window.__taxiFrames`.
 */
const MAX_FRAMES = 600;
const MARK = 'taxi-frame';

export interface FrameTimes {
  /** Script time of each of the last frames (ms). */
  script: number[];
  /** Age (ms) of the oldest position shown in each of these frames, of cars with a recent fix. */
  age: number[];
  /** Start of each frame (ms of the page's clock). */
  at: number[];
  cars: number;
  frames: number;
  /** Measure ages. Off while script time is measured, because visiting every car costs script time. */
  aging: boolean;
  mapBytes: number;
}

declare global {
  interface Window {
    __taxiFrames?: FrameTimes;
  }
}

export class FrameTimer {
  readonly times: FrameTimes = { script: [], age: [], at: [], cars: 0, frames: 0, aging: true, mapBytes: 0 };
  private frame = Number.NaN;
  private spent = 0;
  private aged = 0;

  constructor() {
    window.__taxiFrames = this.times;
    const original = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (run) =>
      original((now) => {
        this.turn(now);
        this.during(() => run(now));
      });
  }

  /** Runs work whose time counts for the next frame. */
  during<T>(work: () => T): T {
    const began = performance.now();
    try {
      return work();
    } finally {
      this.spent += performance.now() - began;
    }
  }

  shown(cars: number, oldestMs: number): void {
    this.times.cars = cars;
    this.aged = oldestMs;
  }

  private turn(now: number): void {
    if (now === this.frame) return;
    if (!Number.isNaN(this.frame)) {
      append(this.times.script, this.spent);
      append(this.times.age, this.aged);
      append(this.times.at, this.frame);
      this.times.frames += 1;
    }
    this.frame = now;
    this.spent = 0;
    performance.mark(MARK); // read from a trace of the browser: bench/live_map/chromium_trace.py
    performance.clearMarks(MARK);
  }
}

function append(list: number[], value: number): void {
  list.push(value);
  if (list.length > MAX_FRAMES) list.shift();
}

/** The timer, null unless the page was opened with `#measure`. */
export const frameTimer = location.hash === '#measure' ? new FrameTimer() : null;
