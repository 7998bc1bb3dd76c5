/** What the page knows and does: the socket of one passenger, the trips folded from it, the commands. */
import { computed, signal } from '@preact/signals';
import { accepted } from '../client/command_result';
import { Link, socketUrl } from '../client/connection';
import { ask } from '../client/http';
import type { FareView, FromServer, MoneyView, Place, RequestRide } from '../protocol/messages';
import type { Receipt, ShareLink, TripList } from '../protocol/reads';
import { say } from '../ui/controls';
import { text } from './text';
import { current, fold, isOpen, NO_TRIPS, newestFirst, type OwnTrips, withList } from './trip_reducer';

export type Wishes = Omit<RequestRide, 't' | 'id'>;

export interface Quote {
  fare: FareView;
  seconds: number;
  meters: number;
  pickup_s?: number | null;
}

export interface Way {
  points: [number, number][];
  meters: number;
  seconds: number;
  by_road: boolean;
}

/** The minute's word, in both languages. */
export interface Word {
  en: string;
  zh: string;
}

/** A cancel that is done, or what it would cost. */
export type Cancelled = { done: true } | { done: false; fee: MoneyView };

const FEE_TO_BE_AGREED = 4010;

export class Model {
  readonly trips = signal<OwnTrips>(NO_TRIPS);
  readonly list = signal<'loading' | 'ready' | 'failed'>('loading');
  readonly newest = computed(() => newestFirst(this.trips.value));
  readonly current = computed(() => current(this.trips.value));
  readonly link: Link;
  private readonly followed = new Set<string>();

  constructor(private readonly token: string) {
    this.link = new Link({ url: socketUrl(), token, onMessage: (message) => this.hear(message) });
    // Trips that were made on another device meanwhile are in no stream of this one.
    this.link.welcome.subscribe((welcome) => {
      if (welcome !== null) void this.readTrips();
    });
    void this.readTrips();
  }

  close(): void {
    this.link.close();
  }

  async readTrips(): Promise<void> {
    try {
      const read = await ask<TripList>('/v1/my/trips', { token: this.token });
      this.trips.value = withList(this.trips.value, read.trips);
      this.list.value = 'ready';
      for (const trip of read.trips) if (isOpen(trip)) this.follow(trip.trip);
    } catch {
      if (this.list.value === 'loading') this.list.value = 'failed';
    }
  }

  /** Hear of a trip from now on; a refusal leaves what the list said. */
  follow(trip: string): void {
    if (this.followed.has(trip)) return;
    this.followed.add(trip);
    void this.link.attach(`trip:${trip}`).then((settled) => {
      if (!settled.ok) this.followed.delete(trip);
    });
  }

  async request(wishes: Wishes): Promise<string> {
    const answer = await accepted(this.link.command({ t: 'request', ...wishes }));
    const trip = String(answer.result?.trip);
    this.followed.add(trip);
    return trip;
  }

  async estimate(pickup: Place, dropoff: Place, at?: number): Promise<Quote> {
    const asked = at === undefined ? { pickup, dropoff } : { pickup, dropoff, at };
    const answer = await accepted(this.link.command({ t: 'estimate', ...asked }));
    return answer.result as unknown as Quote;
  }

  async way(start: Place, end: Place): Promise<Way> {
    const answer = await accepted(this.link.command({ t: 'route', start, end }));
    return answer.result as unknown as Way;
  }

  /** Cancel, if it costs no more than `feeUpTo` minor units. Throws `Refusal` for any other no. */
  async cancel(trip: string, reason: string, feeUpTo: number): Promise<Cancelled> {
    const command = this.link.command({ t: 'cancel', trip, reason, fee_up_to: feeUpTo });
    const settled = await command;
    if (!settled.ok && settled.rejected.code === FEE_TO_BE_AGREED && settled.rejected.amount !== undefined) {
      return { done: false, fee: settled.rejected.amount };
    }
    await accepted(command);
    return { done: true };
  }

  async stopPaying(trip: string): Promise<void> {
    await accepted(this.link.command({ t: 'stop_pay', trip }));
  }

  async rate(trip: string, stars: number, comment: string): Promise<void> {
    await accepted(this.link.command({ t: 'rate', trip, stars, comment }));
  }

  async word(): Promise<Word> {
    const answer = await accepted(this.link.command({ t: 'word' }));
    return answer.result as unknown as Word;
  }

  share(trip: string): Promise<ShareLink> {
    return ask<ShareLink>(`/v1/my/trips/${encodeURIComponent(trip)}/share`, { token: this.token, post: {} });
  }

  receipt(trip: string): Promise<Receipt> {
    return ask<Receipt>(`/v1/my/trips/${encodeURIComponent(trip)}/receipt`, { token: this.token });
  }

  private hear(message: FromServer): void {
    this.trips.value = fold(this.trips.value, message);
    if (message.t === 'update' && message.event === 'assignment_given_back') say(text('given_back'));
  }
}
