/** The state of one signed-in driver: the connection, the reduced streams, the GPS upload and the commands. */
import { computed, effect, signal } from '@preact/signals';
import type { SignedIn } from '../client/account';
import { accepted } from '../client/command_result';
import { Connection } from '../client/connection';
import { request } from '../client/http';
import type { Command } from '../client/session';
import type { Accepted, FromServer, Notice, TripView, Update } from '../protocol/messages';
import type { NoticeList } from '../protocol/reads';
import { showToast } from '../ui/controls';
import { money } from '../ui/formats';
import { StoredIds } from './account';
import { connectionProblem } from './connection_health';
import { Gps } from './gps';
import { text } from './i18n';
import { playPaymentSound, startRinging, stopRinging } from './offer_alert';
import { PositionUpload } from './position_upload';
import {
  closeFare,
  collectFare,
  type DriverState,
  INITIAL_STATE,
  reduce,
  scene,
  subscribedTrips,
  withoutNews,
} from './reducer';
import { keepScreenOn } from './wake_lock';

const OFF_SHIFT: ReadonlySet<string> = new Set(['offline', 'out_of_service', 'break']);
const MAX_STORED = 50;
const FIX_FROM_FUTURE = 1007;
const RENEW_EVERY_MS = 60_000;

export class DriverStore {
  readonly connection: Connection;
  readonly state = signal<DriverState>(INITIAL_STATE);
  /** The trip whose fare is being collected; other fares wait. */
  readonly fare = signal<string | null>(null);
  /** Unread messages of the office, the oldest first. */
  readonly notices = signal<Notice[]>([]);
  readonly scene = computed(() => scene(this.state.value, this.fare.value));
  readonly positions: PositionUpload;
  readonly gps: Gps;
  readonly onShift = computed(() => {
    const state = this.state.value.vehicle?.state;
    return state !== undefined && !OFF_SHIFT.has(state);
  });
  /** The trip of the vehicle, null until its stream has delivered it. */
  readonly trip = computed((): TripView | null => {
    const { vehicle, trips } = this.state.value;
    return vehicle?.trip === undefined ? null : (trips[vehicle.trip] ?? null);
  });
  private readonly tick = signal(0);
  readonly problem = computed(() => {
    void this.tick.value;
    return connectionProblem({
      onShift: this.onShift.value,
      connection: this.connection.state.value,
      gps: this.gps.state.value,
      sentUnacked: this.positions.sentUnacked.value,
      unackedMs: Date.now() - this.positions.ackedMs,
    });
  });

  private readonly subscribed = new Set<string>();
  private readonly openFares: StoredIds;
  private readonly readNotices: StoredIds;
  private readonly stops: (() => void)[];
  private renewedMs = 0;

  constructor(readonly signedIn: SignedIn) {
    const vehicle = signedIn.vehicle ?? '';
    this.openFares = new StoredIds(`taxi.driver.fares.${vehicle}`, MAX_STORED);
    this.readNotices = new StoredIds('taxi.driver.notices', MAX_STORED);
    this.state.value = { ...INITIAL_STATE, fares: this.openFares.all() };
    this.fare.value = this.state.value.fares.at(-1) ?? null;
    this.connection = new Connection({ token: signedIn.token, onMessage: (message) => this.receive(message) });
    this.positions = new PositionUpload(vehicle, this.connection);
    this.gps = new Gps(
      (position) => this.positions.add(position),
      () => this.connection.clock.speed,
    );
    const ticking = setInterval(() => {
      this.tick.value += 1;
    }, 1000);
    this.stops = [
      effect(() => this.updateGps()),
      effect(() => (this.scene.value === 'offer' ? startRinging() : stopRinging())),
      effect(() => this.updateSubscriptions()),
      effect(() => this.openFares.set(this.state.value.fares)),
      () => clearInterval(ticking),
    ];
  }

  /** Sends a command and waits for its answer. Throws `ApiError`. */
  send(command: Command): Promise<Accepted> {
    return accepted(this.connection.command(command));
  }

  collect(trip: string): void {
    this.state.value = collectFare(this.state.value, trip);
    this.fare.value = trip;
  }

  /** Leaves the page of a fare; a fare that is not `settled` stays in the list of open fares. */
  leaveFare(trip: string, settled: boolean): void {
    this.fare.value = null;
    if (settled) this.state.value = closeFare(this.state.value, trip);
  }

  dismissNews(): void {
    this.state.value = withoutNews(this.state.value);
  }

  markRead(notice: string): void {
    this.readNotices.set([...this.readNotices.all(), notice]);
    this.notices.value = this.notices.value.filter((each) => each.notice !== notice);
  }

  close(): void {
    for (const stop of this.stops) stop();
    stopRinging();
    keepScreenOn(false);
    this.gps.stop();
    this.connection.close();
  }

  private receive(message: FromServer): void {
    switch (message.t) {
      case 'welcome':
        this.positions.reconnected();
        void this.loadNotices();
        break;
      case 'update':
      case 'snapshot':
        this.apply(reduce(this.state.value, message, this.connection.clock.now()));
        if (message.t === 'update') this.announcePayment(message);
        break;
      case 'heard':
        this.positions.acknowledged(message.n);
        break;
      case 'notice':
        this.addNotices([message]);
        break;
      case 'rejected':
        if (message.id === undefined && message.code === FIX_FROM_FUTURE) this.renewClock();
        break;
    }
  }

  private apply(state: DriverState): void {
    const before = this.state.value;
    this.state.value = state;
    const ended = state.fares.find((trip) => !before.fares.includes(trip));
    if (ended !== undefined) this.fare.value = ended;
  }

  /** Announces a payment, also while the driver looks at another page. */
  private announcePayment(update: Update): void {
    const paid = update.event === 'payment_told' ? update.vehicle?.paid : undefined;
    if (paid?.state !== 'paid') return;
    playPaymentSound();
    if (this.fare.value !== paid.order && paid.amount !== undefined) {
      showToast(text('pay.received', { amount: money(paid.amount) }));
    }
  }

  private updateSubscriptions(): void {
    const wanted = subscribedTrips(this.state.value).map((trip) => `trip:${trip}`);
    for (const stream of wanted) {
      if (this.subscribed.has(stream)) continue;
      this.subscribed.add(stream);
      void this.connection.subscribe(stream).then((result) => {
        if (!result.ok) this.dropTrip(stream.slice('trip:'.length));
      });
    }
    for (const stream of this.subscribed) {
      if (wanted.includes(stream)) continue;
      this.subscribed.delete(stream);
      void this.connection.unsubscribe(stream);
    }
  }

  /** Removes the fare of a trip that this driver may not see, such as one of another shift. */
  private dropTrip(trip: string): void {
    this.state.value = closeFare(this.state.value, trip);
    if (this.fare.value === trip) this.fare.value = null;
  }

  private updateGps(): void {
    const connection = this.connection.state.value;
    const on = this.onShift.value && connection !== 'replaced' && connection !== 'signed_out';
    keepScreenOn(on);
    if (on) this.gps.start();
    else this.gps.stop();
  }

  /** Loads the messages that arrived while the app was offline. */
  private async loadNotices(): Promise<void> {
    const list = await request<NoticeList>('/v1/my/notices', { token: this.signedIn.token }).catch(() => null);
    if (list !== null) this.addNotices([...list.notices].reverse());
  }

  private addNotices(notices: readonly Notice[]): void {
    const known = new Set([...this.readNotices.all(), ...this.notices.value.map((each) => each.notice)]);
    const added = notices.filter((each) => !known.has(each.notice));
    if (added.length > 0) this.notices.value = [...this.notices.value, ...added];
  }

  /** Reconnects for a new welcome: the phone's clock was set since the last one, so the city time is wrong. */
  private renewClock(): void {
    if (Date.now() - this.renewedMs < RENEW_EVERY_MS && this.renewedMs <= Date.now()) return;
    this.renewedMs = Date.now();
    this.connection.renew();
  }
}
