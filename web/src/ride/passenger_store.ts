/** The state of one signed-in passenger: the connection, the own trips and the commands. */
import { computed, signal } from '@preact/signals';
import { accepted } from '../client/command_result';
import { Connection } from '../client/connection';
import { request } from '../client/http';
import type { FromServer, RequestRide } from '../protocol/messages';
import type { Receipt, ShareLink, TripList } from '../protocol/reads';
import { showToast } from '../ui/controls';
import { text } from './i18n';
import { current, isOpen, NO_TRIPS, newestFirst, type OwnTrips, reduce, withList } from './trip_reducer';

export type RideRequest = Omit<RequestRide, 't' | 'id'>;

export class PassengerStore {
  readonly trips = signal<OwnTrips>(NO_TRIPS);
  readonly list = signal<'loading' | 'ready' | 'failed'>('loading');
  readonly newest = computed(() => newestFirst(this.trips.value));
  readonly current = computed(() => current(this.trips.value));
  readonly connection: Connection;
  private readonly subscribed = new Set<string>();

  constructor(readonly token: string) {
    this.connection = new Connection({ token, onMessage: (message) => this.receive(message) });
    // The streams of this connection do not contain trips that were requested on another device.
    this.connection.welcome.subscribe((welcome) => {
      if (welcome !== null) void this.loadTrips();
    });
    void this.loadTrips();
  }

  close(): void {
    this.connection.close();
  }

  async loadTrips(): Promise<void> {
    try {
      const { trips } = await request<TripList>('/v1/my/trips', { token: this.token });
      this.trips.value = withList(this.trips.value, trips);
      this.list.value = 'ready';
      for (const trip of trips) if (isOpen(trip)) this.subscribe(trip.trip);
    } catch {
      if (this.list.value === 'loading') this.list.value = 'failed';
    }
  }

  /** Subscribes to a trip; if that is refused, the state from the list remains. */
  subscribe(trip: string): void {
    if (this.subscribed.has(trip)) return;
    this.subscribed.add(trip);
    void this.connection.subscribe(`trip:${trip}`).then((result) => {
      if (!result.ok) this.subscribed.delete(trip);
    });
  }

  /** Returns the id of the new trip, to which the server subscribes the client. */
  async request(ride: RideRequest): Promise<string> {
    const answer = await accepted(this.connection.command({ t: 'request', ...ride }));
    const trip = String(answer.result?.trip);
    this.subscribed.add(trip);
    return trip;
  }

  async stopPaying(trip: string): Promise<void> {
    await accepted(this.connection.command({ t: 'stop_pay', trip }));
  }

  async rate(trip: string, stars: number, comment: string): Promise<void> {
    await accepted(this.connection.command({ t: 'rate', trip, stars, comment }));
  }

  share(trip: string): Promise<ShareLink> {
    return request<ShareLink>(`/v1/my/trips/${encodeURIComponent(trip)}/share`, { token: this.token, post: {} });
  }

  receipt(trip: string): Promise<Receipt> {
    return request<Receipt>(`/v1/my/trips/${encodeURIComponent(trip)}/receipt`, { token: this.token });
  }

  private receive(message: FromServer): void {
    this.trips.value = reduce(this.trips.value, message);
    if (message.t === 'update' && message.event === 'assignment_given_back') showToast(text('trip_returned'));
  }
}
