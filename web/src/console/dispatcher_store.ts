/** The data of a dispatcher's console: the connection, the lists read over HTTP, and their updates. */
import { type Signal, signal } from '@preact/signals';
import type { SignedIn } from '../client/account';
import { accepted } from '../client/command_result';
import { Connection } from '../client/connection';
import { request } from '../client/http';
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
import { isUnsettled, mergedAlarms, withAlarm } from './alarm_board';
import { TripBoard } from './trip_board';

export interface Subject {
  kind: 'car' | 'trip';
  id: string;
}

/** Lists are rendered at most this often. */
const RENDER_MS = 400;
/** How often the list of cars is read again while it is open. */
export const FLEET_READ_MS = 15_000;
const PRUNE_MS = 60_000;

type Listener = (message: Update | Snapshot) => void;

export class DispatcherStore {
  readonly connection: Connection;
  readonly trips = new TripBoard();
  /** Increases when trips have changed. */
  readonly tripsVersion = signal(0);
  readonly tripsLoaded = signal(false);
  readonly alarms = signal<readonly Alarm[]>([]);
  readonly fleet = signal<ReadonlyMap<string, FleetCar>>(new Map());
  readonly fleetLoaded = signal(false);
  readonly mapStale = signal(false);
  readonly chosen: Signal<Subject | null> = signal(null);
  /** City time, updated once a second. */
  readonly now: Signal<number>;
  /** The error of the last read of the lists, null if it succeeded. */
  readonly readError = signal<unknown>(null);
  onMap: (message: MapFrames | MapCounts) => void = () => undefined;
  onLive: () => void = () => undefined;
  onNewAlarm: (alarm: Alarm) => void = () => undefined;

  private readonly listeners = new Map<string, Set<Listener>>();
  private renderTimer = 0;
  private readonly timers: number[];
  private readonly stopLive: () => void;

  constructor(
    readonly city: CityFacts,
    private readonly account: SignedIn,
  ) {
    this.connection = new Connection({ token: account.token, onMessage: (message) => this.receive(message) });
    this.now = signal(this.connection.clock.now());
    this.stopLive = this.connection.state.subscribe((state) => {
      if (state === 'live') void this.reload();
    });
    this.timers = [
      window.setInterval(() => {
        this.now.value = this.connection.clock.now();
      }, 1000),
      window.setInterval(() => this.trips.prune(this.connection.clock.now()), PRUNE_MS),
    ];
  }

  close(): void {
    this.stopLive();
    this.timers.forEach(clearInterval);
    clearTimeout(this.renderTimer);
    this.connection.close();
  }

  /** The id of the dispatcher. */
  get name(): string {
    return this.account.subject;
  }

  get token(): string {
    return this.account.token;
  }

  // ── reads and commands ────────────────────────────────────────────────────────────────────────────────────────

  /** Throws `ApiError` or `UnreachableError`. */
  read<T>(path: string, packed = false): Promise<T> {
    return request<T>(path, { token: this.token, packed });
  }

  /** Throws `ApiError` or `UnreachableError`. */
  post<T>(path: string, body: unknown): Promise<T> {
    return request<T>(path, { token: this.token, post: body });
  }

  /** Throws `ApiError`. */
  send(command: Command): Promise<Accepted> {
    return accepted(this.connection.command(command));
  }

  async readFleet(): Promise<void> {
    const { cars } = await this.read<FleetList>('/v1/vehicles');
    this.fleet.value = new Map(cars.map((car) => [car.vehicle, car]));
    this.fleetLoaded.value = true;
  }

  /** Reads all lists: at the start, after each reconnect, and on request. */
  async reload(): Promise<void> {
    this.onLive();
    this.readError.value = null;
    this.trips.beginList();
    const reads = [this.readTrips(), this.readAlarms(), this.readFleet()];
    const failed = (await Promise.allSettled(reads)).find((each) => each.status === 'rejected');
    if (failed !== undefined) this.readError.value = failed.reason;
  }

  private async readTrips(): Promise<void> {
    const { trips } = await this.read<TripList>('/v1/trips');
    this.trips.applyList(trips);
    this.tripsLoaded.value = true;
    this.tripsVersion.value += 1;
  }

  private async readAlarms(): Promise<void> {
    const { alarms } = await this.read<AlarmList>('/v1/alarms');
    this.alarms.value = mergedAlarms(alarms, this.alarms.value);
  }

  // ── streams ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Subscribes to the stream of a trip or a car, until the returned function is called. */
  subscribe(stream: string, listener: Listener): () => void {
    const before = this.listeners.get(stream);
    const listeners = before ?? new Set();
    listeners.add(listener);
    if (before === undefined) {
      this.listeners.set(stream, listeners);
      void this.connection.subscribe(stream);
    }
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      this.listeners.delete(stream);
      void this.connection.unsubscribe(stream);
    };
  }

  // ── messages ──────────────────────────────────────────────────────────────────────────────────────────────────

  private receive(message: FromServer): void {
    switch (message.t) {
      case 'map':
      case 'map_counts':
        this.onMap(message);
        return;
      case 'map_stale':
        this.mapStale.value = message.stale;
        return;
      case 'trip':
        this.applyTrip(message.trip);
        return;
      case 'alarm':
        this.applyAlarm(message);
        return;
      case 'update':
      case 'snapshot':
        if (message.trip !== undefined) this.applyTrip(message.trip);
        for (const listener of this.listeners.get(message.stream) ?? []) listener(message);
        return;
      default:
        return;
    }
  }

  private applyTrip(trip: TripView): void {
    this.trips.apply(trip);
    if (this.renderTimer !== 0) return;
    this.renderTimer = window.setTimeout(() => {
      this.renderTimer = 0;
      this.tripsVersion.value += 1;
    }, RENDER_MS);
  }

  /** Shows an alarm as settled at once; the server informs the other consoles. */
  markSettled(alarm: Alarm): void {
    this.alarms.value = withAlarm(this.alarms.value, alarm);
  }

  private applyAlarm(alarm: Alarm): void {
    const before = this.alarms.value;
    const isNew = isUnsettled(alarm) && !before.some((each) => each.alarm === alarm.alarm);
    this.alarms.value = withAlarm(before, alarm);
    if (isNew) this.onNewAlarm(alarm);
  }
}
