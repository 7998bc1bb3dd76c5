/** A past hour that is played: its clock, its cars, its trips; pages of a quarter of an hour are fetched as they come near. */
import { signal } from '@preact/signals';
import { CAR_COLOURS } from '../map/car_colours';
import { ReplayCars } from '../map/replay_cars';
import type { TripView } from '../protocol/messages';
import type { Replay, TripMoment } from '../protocol/reads';
import { theme } from '../ui/theme';
import type { Desk } from './dispatcher_store';
import { ReplayClock } from './replay_clock';
import { joinedMoments, type PastTrip, standing } from './replay_trips';

export const PAGE_S = 900;
export const HOUR_S = 3600;
const TICK_MS = 250;

export class ReplayDesk {
  readonly clock: ReplayClock;
  readonly cars: ReplayCars;
  /** The city time shown; and trips as they stood then. */
  readonly at = signal(0);
  readonly trips = signal<ReadonlyMap<string, PastTrip>>(new Map());
  readonly moments = signal<readonly TripMoment[]>([]);
  /** Cars that were on the road, by `MAP_STATES`. */
  readonly totals = signal<readonly number[]>([]);
  readonly playing = signal(false);
  readonly loading = signal(true);
  readonly problem = signal<unknown>(null);
  /** How far the archive reaches; what is later has no cars. */
  readonly archivedUntil = signal(Number.POSITIVE_INFINITY);
  /** The car or trip that the map stays with. */
  readonly followed = signal<string | null>(null);
  private readonly pages = new Map<number, Replay | null>();
  private readonly timer: number;
  private readonly stopTheme: () => void;

  constructor(
    private readonly desk: Desk,
    begin: number,
  ) {
    this.clock = new ReplayClock(begin, begin + HOUR_S);
    const [lat, lng] = desk.city.center;
    this.cars = new ReplayCars({ lat, lng }, CAR_COLOURS[theme.value], () => this.now());
    this.stopTheme = theme.subscribe((chosen) => this.cars.recolour(CAR_COLOURS[chosen]));
    this.at.value = begin;
    this.timer = window.setInterval(() => this.tick(), TICK_MS);
    this.need(begin);
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

  run(times: number): void {
    this.clock.run(times, Date.now());
    this.tick();
  }

  /** Read again what could not be read. */
  again(): void {
    this.problem.value = null;
    this.need(this.now());
  }

  private tick(): void {
    const now = this.now();
    this.at.value = now;
    this.playing.value = this.clock.isPlaying(Date.now());
    this.cars.move(now);
    this.totals.value = this.cars.count();
    this.trips.value = standing(this.opened(), this.moments.value, now);
    this.need(now);
  }

  /** The page of a moment, and the next one in time. */
  private need(at: number): void {
    for (const time of [at, at + PAGE_S / 2]) {
      if (time >= this.clock.end) continue;
      const page = Math.floor((time - this.clock.begin) / PAGE_S);
      if (!this.pages.has(page) && this.problem.value === null) void this.load(page);
    }
    const here = Math.min(HOUR_S / PAGE_S - 1, Math.floor((at - this.clock.begin) / PAGE_S));
    this.loading.value = this.problem.value === null && !this.pages.get(here);
  }

  private async load(page: number): Promise<void> {
    this.pages.set(page, null);
    const since = this.clock.begin + page * PAGE_S;
    try {
      const read = await this.desk.read<Replay>(`/v1/replay?since=${since}&until=${since + PAGE_S}`, true);
      this.pages.set(page, read);
      this.cars.add(read.tracks);
      this.archivedUntil.value = read.archived_until;
      this.moments.value = joinedMoments([...this.pages.values()].map((each) => each?.moments ?? []));
    } catch (error) {
      this.pages.delete(page);
      this.problem.value = error;
    }
    this.tick();
  }

  /** Trips open at the beginning of the first page that is there; moments of later pages tell the rest. */
  private opened(): readonly TripView[] {
    const first = [...this.pages.keys()].sort((a, b) => a - b).find((page) => this.pages.get(page));
    return first === undefined ? [] : (this.pages.get(first)?.open ?? []);
  }
}
