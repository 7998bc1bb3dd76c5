/**
 * How much script a frame costs: everything that runs in animation frames and for messages of the socket, whoever's
 * code it is. Only where the page was opened with `#measure`; `taxi bench map` reads it as `window.__taxiFrames`.
 */
const KEPT = 600;
const MARK = 'taxi-frame';

export interface FrameTimes {
  /** Script time of each of the last frames, ms. */
  script: number[];
  /** The oldest position shown in each of these frames, ms, of cars that were heard in the last 2 s. */
  age: number[];
  /** When each began (ms of the page's clock). */
  at: number[];
  cars: number;
  frames: number;
  /** Whether ages are taken: looking at every car costs script of its own, so not while that is measured. */
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

  /** Do something that counts as a part of the next frame. */
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
      keep(this.times.script, this.spent);
      keep(this.times.age, this.aged);
      keep(this.times.at, this.frame);
      this.times.frames += 1;
    }
    this.frame = now;
    this.spent = 0;
    performance.mark(MARK); // for a trace of the browser's own: bench/live_map/chromium_trace.py
    performance.clearMarks(MARK);
  }
}

function keep(list: number[], value: number): void {
  list.push(value);
  if (list.length > KEPT) list.shift();
}

/** The timer, where measuring was asked for. */
export const frameTimer = location.hash === '#measure' ? new FrameTimer() : null;
