/**
 * The signed-in app: one connection, what it tells folded into `duty`, positions going out, and the driver's commands.
 */
import { computed, effect, signal } from '@preact/signals';
import type { SignedIn } from '../client/account';
import { accepted } from '../client/command_result';
import { Link, socketUrl } from '../client/connection';
import { ask } from '../client/http';
import type { Command } from '../client/session';
import type { Accepted, FromServer, Notice, TripView, Update } from '../protocol/messages';
import type { NoticeList } from '../protocol/reads';
import { say } from '../ui/controls';
import { money } from '../ui/formats';
import { Remembered } from './account';
import { trouble } from './connection_health';
import { Gps } from './gps';
import { chime, hush, ring } from './offer_alert';
import { Positions } from './position_upload';
import { type Duty, fold, followed, NOTHING_YET, putAway, scene, takeUp, withoutNews } from './reducer';
import { text } from './texts';
import { stayAwake } from './wake_lock';

const OFF_SHIFT: ReadonlySet<string> = new Set(['offline', 'out_of_service', 'break']);
const MOST_REMEMBERED = 50;

export class Cab {
  readonly link: Link;
  readonly duty = signal<Duty>(NOTHING_YET);
  /** The fare that the driver collects now; others wait. */
  readonly fare = signal<string | null>(null);
  readonly notices = signal<Notice[]>([]);
  readonly scene = computed(() => scene(this.duty.value, this.fare.value));
  readonly positions: Positions;
  readonly gps: Gps;
  readonly onShift = computed(() => {
    const state = this.duty.value.vehicle?.state;
    return state !== undefined && !OFF_SHIFT.has(state);
  });
  /** The trip at hand, once its stream has told of it. */
  readonly trip = computed((): TripView | null => {
    const { vehicle, trips } = this.duty.value;
    return vehicle?.trip === undefined ? null : (trips[vehicle.trip] ?? null);
  });
  private readonly tick = signal(0);
  readonly trouble = computed(() => {
    void this.tick.value;
    return trouble({
      onShift: this.onShift.value,
      link: this.link.state.value,
      gps: this.gps.state.value,
      sentUnheard: this.positions.sentUnheard.value,
      unheardMs: Date.now() - this.positions.heardMs,
    });
  });

  private readonly attached = new Set<string>();
  private readonly fares: Remembered;
  private readonly read: Remembered;
  private readonly stops: (() => void)[];
  private renewedMs = 0;

  constructor(readonly signedIn: SignedIn) {
    const vehicle = signedIn.vehicle ?? '';
    this.fares = new Remembered(`taxi.driver.fares.${vehicle}`, MOST_REMEMBERED);
    this.read = new Remembered('taxi.driver.notices', MOST_REMEMBERED);
    this.duty.value = { ...NOTHING_YET, fares: this.fares.all() };
    this.fare.value = this.duty.value.fares.at(-1) ?? null;
    this.link = new Link({ url: socketUrl(), token: signedIn.token, onMessage: (message) => this.told(message) });
    this.positions = new Positions(vehicle, this.link);
    this.gps = new Gps(
      (position) => this.positions.add(position),
      () => this.link.clock.speed,
    );
    const ticking = setInterval(() => {
      this.tick.value += 1;
    }, 1000);
    this.stops = [
      effect(() => this.locate()),
      effect(() => (this.scene.value === 'offer' ? ring() : hush())),
      effect(() => this.follow()),
      effect(() => this.fares.set(this.duty.value.fares)),
      () => clearInterval(ticking),
    ];
  }

  /** Give a command and wait for its answer. Throws `Refusal`. */
  give(command: Command): Promise<Accepted> {
    return accepted(this.link.command(command));
  }

  collect(trip: string): void {
    this.duty.value = takeUp(this.duty.value, trip);
    this.fare.value = trip;
  }

  /** The driver turns from a fare: it is done (`settled`), or waits in the list of open fares. */
  leaveFare(trip: string, settled: boolean): void {
    this.fare.value = null;
    if (!settled) return;
    this.duty.value = putAway(this.duty.value, trip);
  }

  heardNews(): void {
    this.duty.value = withoutNews(this.duty.value);
  }

  readNotice(notice: string): void {
    this.read.set([...this.read.all(), notice]);
    this.notices.value = this.notices.value.filter((each) => each.notice !== notice);
  }

  close(): void {
    for (const stop of this.stops) stop();
    hush();
    stayAwake(false);
    this.gps.stop();
    this.link.close();
  }

  private told(message: FromServer): void {
    switch (message.t) {
      case 'welcome':
        this.positions.welcomed();
        void this.missedNotices();
        break;
      case 'update':
      case 'snapshot':
        this.stands(fold(this.duty.value, message, this.link.clock.now()));
        if (message.t === 'update') this.paid(message);
        break;
      case 'heard':
        this.positions.heard(message.n);
        break;
      case 'notice':
        this.noticed([message]);
        break;
      case 'rejected':
        if (message.id === undefined && message.code === 1007) this.clockJumped();
        break;
    }
  }

  private stands(duty: Duty): void {
    const before = this.duty.value;
    this.duty.value = duty;
    const ended = duty.fares.find((trip) => !before.fares.includes(trip));
    if (ended !== undefined) this.fare.value = ended;
  }

  /** Money that came while the driver looks at something else. */
  private paid(update: Update): void {
    const paid = update.event === 'payment_told' ? update.vehicle?.paid : undefined;
    if (paid?.state !== 'paid') return;
    chime();
    if (this.fare.value !== paid.order && paid.amount !== undefined) {
      say(text('pay.came', { amount: money(paid.amount) }));
    }
  }

  private follow(): void {
    const wanted = followed(this.duty.value).map((trip) => `trip:${trip}`);
    for (const stream of wanted) {
      if (this.attached.has(stream)) continue;
      this.attached.add(stream);
      void this.link.attach(stream).then((answer) => {
        if (!answer.ok) this.dropped(stream);
      });
    }
    for (const stream of this.attached) {
      if (wanted.includes(stream)) continue;
      this.attached.delete(stream);
      void this.link.detach(stream);
    }
  }

  /** A fare that this driver may not see (another shift's, another driver's) is no longer this app's. */
  private dropped(stream: string): void {
    const trip = stream.slice('trip:'.length);
    this.duty.value = putAway(this.duty.value, trip);
    if (this.fare.value === trip) this.fare.value = null;
  }

  private locate(): void {
    const on = this.onShift.value && this.link.state.value !== 'replaced' && this.link.state.value !== 'signed_out';
    stayAwake(on);
    if (on) this.gps.start();
    else this.gps.stop();
  }

  private async missedNotices(): Promise<void> {
    const told = await ask<NoticeList>('/v1/my/notices', { token: this.signedIn.token }).catch(() => null);
    if (told !== null) this.noticed([...told.notices].reverse());
  }

  private noticed(notices: readonly Notice[]): void {
    const known = new Set([...this.read.all(), ...this.notices.value.map((each) => each.notice)]);
    const news = notices.filter((each) => !known.has(each.notice));
    if (news.length > 0) this.notices.value = [...this.notices.value, ...news];
  }

  /** Positions of the future are refused: this phone's clock was set since the last welcome, so a new one is wanted. */
  private clockJumped(): void {
    if (Date.now() - this.renewedMs < 60_000 && this.renewedMs <= Date.now()) return;
    this.renewedMs = Date.now();
    this.link.renew();
  }
}
