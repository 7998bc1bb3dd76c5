/** A replay of one past hour: its clock, cars and trips. It loads pages of 15 minutes shortly before they are played. */
import { signal } from '@preact/signals';
import { CAR_COLOURS } from '../map/car_colours';
import { ReplayCars } from '../map/replay_cars';
import type { TripView } from '../protocol/messages';
import type { Replay, TripMoment } from '../protocol/reads';
import { theme } from '../ui/theme';
import type { DispatcherStore } from './dispatcher_store';
import { ReplayClock } from './replay_clock';
import { joinedMoments, type PastTrip, tripsAt } from './replay_trips';

const PAGE_S = 900;
const HOUR_S = 3600;
const TICK_MS = 250;

export class ReplayPlayer {
  readonly clock: ReplayClock;
  readonly cars: ReplayCars;
  /** The city time shown, and the trips at that time. */
  readonly at = signal(0);
  readonly trips = signal<ReadonlyMap<string, PastTrip>>(new Map());
  readonly moments = signal<readonly TripMoment[]>([]);
  /** Number of cars in each of `MAP_STATES`. */
  readonly totals = signal<readonly number[]>([]);
  readonly playing = signal(false);
  readonly loading = signal(true);
  readonly error = signal<unknown>(null);
  /** City time up to which the archive is complete; no cars are shown after it. */
  readonly archivedUntil = signal(Number.POSITIVE_INFINITY);
  /** The car or trip that the map follows. */
  readonly followed = signal<string | null>(null);
  private readonly pages = new Map<number, Replay | null>();
  private readonly timer: number;
  private readonly stopTheme: () => void;

  constructor(
    private readonly store: DispatcherStore,
    begin: number,
  ) {
    this.clock = new ReplayClock(begin, begin + HOUR_S);
    const [lat, lng] = store.city.center;
    this.cars = new ReplayCars({ lat, lng }, CAR_COLOURS[theme.value], () => this.now());
    this.stopTheme = theme.subscribe((chosen) => this.cars.recolour(CAR_COLOURS[chosen]));
    this.at.value = begin;
    this.timer = window.setInterval(() => this.tick(), TICK_MS);
    this.loadAround(begin);
  }

  close(): void {
    clearInterval(this.timer);
    this.stopTheme();
  }

  now(): number {
    return this.clock.now(Date.now());
  }

  toggle(): void {
    const wall = Date.now();
    if (this.clock.isPlaying(wall)) this.clock.pause(wall);
    else this.clock.play(wall);
    this.tick();
  }

  seek(at: number): void {
    this.clock.seek(at, Date.now());
    this.tick();
  }

  setSpeed(speed: number): void {
    this.clock.setSpeed(speed, Date.now());
    this.tick();
  }

  /** Loads again after an error. */
  retry(): void {
    this.error.value = null;
    this.loadAround(this.now());
  }

  private tick(): void {
    const now = this.now();
    this.at.value = now;
    this.playing.value = this.clock.isPlaying(Date.now());
    this.cars.move(now);
    this.totals.value = this.cars.count();
    this.trips.value = tripsAt(this.openAtStart(), this.moments.value, now);
    this.loadAround(now);
  }

  /** Loads the page of a time, and the next page early enough. */
  private loadAround(at: number): void {
    for (const time of [at, at + PAGE_S / 2]) {
      if (time >= this.clock.end) continue;
      const page = Math.floor((time - this.clock.begin) / PAGE_S);
      if (!this.pages.has(page) && this.error.value === null) void this.load(page);
    }
    const current = Math.min(HOUR_S / PAGE_S - 1, Math.floor((at - this.clock.begin) / PAGE_S));
    this.loading.value = this.error.value === null && !this.pages.get(current);
  }

  private async load(page: number): Promise<void> {
    this.pages.set(page, null);
    const since = this.clock.begin + page * PAGE_S;
    try {
      const read = await this.store.read<Replay>(`/v1/replay?since=${since}&until=${since + PAGE_S}`, true);
      this.pages.set(page, read);
      this.cars.add(read.tracks);
      this.archivedUntil.value = read.archived_until;
      this.moments.value = joinedMoments([...this.pages.values()].map((each) => each?.moments ?? []));
    } catch (error) {
      this.pages.delete(page);
      this.error.value = error;
    }
    this.tick();
  }

  /** The trips open at the start of the first loaded page; the moments of all pages contain the changes. */
  private openAtStart(): readonly TripView[] {
    const first = [...this.pages.keys()].sort((a, b) => a - b).find((page) => this.pages.get(page));
    return first === undefined ? [] : (this.pages.get(first)?.open ?? []);
  }
}
