/**
 * What a dispatcher's console knows and can do: the socket, what it said, and what is read beside it. Views read its
 * signals; nothing here draws.
 */
import { type Signal, signal } from '@preact/signals';
import type { SignedIn } from '../client/account';
import { accepted } from '../client/command_result';
import { Link, socketUrl } from '../client/connection';
import { ask } from '../client/http';
import type { Command } from '../client/session';
import type {
  Accepted,
  Alarm,
  FromServer,
  MapCounts,
  MapFrames,
  Snapshot,
  TripView,
  Update,
} from '../protocol/messages';
import type { AlarmList, CityFacts, FleetCar, FleetList, TripList } from '../protocol/reads';
import { isWaiting, listed, withAlarm } from './alarm_board';
import { TripBoard } from './trip_board';

export interface Subject {
  kind: 'car' | 'trip';
  id: string;
}

/** Lists are drawn anew at most so often. */
const REDRAW_MS = 400;
/** The registry and the cars' states are read anew so often while somebody looks at them. */
export const FLEET_READ_MS = 15_000;

type OnStream = (message: Update | Snapshot) => void;

export class Desk {
  readonly link: Link;
  readonly trips = new TripBoard();
  /** Counts up when trips have changed. */
  readonly tripsTurn = signal(0);
  readonly tripsKnown = signal(false);
  readonly alarms = signal<readonly Alarm[]>([]);
  readonly fleet = signal<ReadonlyMap<string, FleetCar>>(new Map());
  readonly fleetKnown = signal(false);
  readonly mapStale = signal(false);
  readonly chosen: Signal<Subject | null> = signal(null);
  /** City time, once a second. */
  readonly now: Signal<number>;
  /** Something went wrong with reading lists; null while all is well. */
  readonly trouble = signal<unknown>(null);
  onMap: (message: MapFrames | MapCounts) => void = () => undefined;
  onLive: () => void = () => undefined;
  onNewAlarm: (alarm: Alarm) => void = () => undefined;

  private readonly streams = new Map<string, Set<OnStream>>();
  private redraw = 0;
  private readonly timers: number[];
  private readonly stopLive: () => void;

  constructor(
    readonly city: CityFacts,
    private readonly account: SignedIn,
  ) {
    this.link = new Link({ url: socketUrl(), token: account.token, onMessage: (message) => this.said(message) });
    this.now = signal(this.link.clock.now());
    this.stopLive = this.link.state.subscribe((state) => {
      if (state === 'live') void this.arrived();
    });
    this.timers = [
      window.setInterval(() => {
        this.now.value = this.link.clock.now();
      }, 1000),
      window.setInterval(() => this.trips.prune(this.link.clock.now()), 60_000),
    ];
  }

  close(): void {
    this.stopLive();
    this.timers.forEach(clearInterval);
    clearTimeout(this.redraw);
    this.link.close();
  }

  get name(): string {
    return this.account.subject;
  }

  // ── reads and commands ────────────────────────────────────────────────────────────────────────────────────────

  /** Throws `Refusal` or `Unreachable`. */
  read<T>(path: string, packed = false): Promise<T> {
    return ask<T>(path, { token: this.account.token, packed });
  }

  /** Throws `Refusal` or `Unreachable`. */
  post<T>(path: string, body: unknown): Promise<T> {
    return ask<T>(path, { token: this.account.token, post: body });
  }

  /** Throws `Refusal`. */
  do(command: Command): Promise<Accepted> {
    return accepted(this.link.command(command));
  }

  async readFleet(): Promise<void> {
    const { cars } = await this.read<FleetList>('/v1/vehicles');
    this.fleet.value = new Map(cars.map((car) => [car.vehicle, car]));
    this.fleetKnown.value = true;
  }

  /** All lists anew: at start, after each reconnect, and when somebody asks for it. */
  async arrived(): Promise<void> {
    this.onLive();
    this.trouble.value = null;
    this.trips.asked();
    const reads = [this.readTrips(), this.readAlarms(), this.readFleet()];
    const failed = (await Promise.allSettled(reads)).find((each) => each.status === 'rejected');
    if (failed !== undefined) this.trouble.value = failed.reason;
  }

  private async readTrips(): Promise<void> {
    const { trips } = await this.read<TripList>('/v1/trips');
    this.trips.listed(trips);
    this.tripsKnown.value = true;
    this.tripsTurn.value += 1;
  }

  private async readAlarms(): Promise<void> {
    const { alarms } = await this.read<AlarmList>('/v1/alarms');
    this.alarms.value = listed(alarms, this.alarms.value);
  }

  // ── streams ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Hear what happens to a trip or a car, until the returned function is called. */
  follow(stream: string, hear: OnStream): () => void {
    const before = this.streams.get(stream);
    const ears = before ?? new Set();
    ears.add(hear);
    if (before === undefined) {
      this.streams.set(stream, ears);
      void this.link.attach(stream);
    }
    return () => {
      ears.delete(hear);
      if (ears.size > 0) return;
      this.streams.delete(stream);
      void this.link.detach(stream);
    };
  }

  // ── what the server says ──────────────────────────────────────────────────────────────────────────────────────

  private said(message: FromServer): void {
    switch (message.t) {
      case 'map':
      case 'map_counts':
        this.onMap(message);
        return;
      case 'map_stale':
        this.mapStale.value = message.stale;
        return;
      case 'trip':
        this.trip(message.trip);
        return;
      case 'alarm':
        this.alarm(message);
        return;
      case 'update':
      case 'snapshot':
        if (message.trip !== undefined) this.trip(message.trip);
        for (const hear of this.streams.get(message.stream) ?? []) hear(message);
        return;
      default:
        return;
    }
  }

  private trip(trip: TripView): void {
    this.trips.said(trip);
    if (this.redraw !== 0) return;
    this.redraw = window.setTimeout(() => {
      this.redraw = 0;
      this.tripsTurn.value += 1;
    }, REDRAW_MS);
  }

  /** An alarm was settled here; the server says so to the others. */
  settled(alarm: Alarm): void {
    this.alarms.value = withAlarm(this.alarms.value, alarm);
  }

  private alarm(alarm: Alarm): void {
    const before = this.alarms.value;
    const isNew = isWaiting(alarm) && !before.some((each) => each.alarm === alarm.alarm);
    this.alarms.value = withAlarm(before, alarm);
    if (isNew) this.onNewAlarm(alarm);
  }
}
