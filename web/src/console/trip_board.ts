/** The trips of the console: a list read over HTTP, updated by the messages of the socket. */
import type { TripView } from '../protocol/messages';

export type Group = 'waiting' | 'reserved' | 'open' | 'ended';

const GROUPS: Record<string, Group> = {
  matching: 'waiting',
  offered: 'waiting',
  reserved: 'reserved',
  assigned: 'open',
  arrived: 'open',
  in_progress: 'open',
  fare_due: 'open',
  paying: 'open',
  payment_unknown: 'open',
};

/** City seconds after which a request without a car is overdue. */
export const OVERDUE_S = 180;
/** City seconds for which an ended trip stays in the list. */
const KEPT_S = 3600;

export function groupOf(trip: Pick<TripView, 'state'>): Group {
  return GROUPS[trip.state] ?? 'ended';
}

/** Waiting time of a request in city seconds, from the request or from the reserved time. */
export function waitedS(trip: TripView, now: number): number {
  return now - (trip.pickup_at ?? trip.requested_at);
}

export function isOverdue(trip: TripView, now: number): boolean {
  return groupOf(trip) === 'waiting' && waitedS(trip, now) >= OVERDUE_S;
}

/**
 * Rule 1. A message that arrives while a list is being read is newer than the list.
 * Rule 2. A list replaces everything else: trips that it does not contain are removed.
 */
export class TripBoard {
  private trips = new Map<string, TripView>();
  private since: Map<string, TripView> | null = null;
  private readonly groups = new Map<Group, readonly TripView[]>();

  get(trip: string): TripView | undefined {
    return this.trips.get(trip);
  }

  /** A list is being read. */
  beginList(): void {
    this.since = new Map();
  }

  /** The list has been read. */
  applyList(trips: readonly TripView[]): void {
    const newer = this.since ?? new Map<string, TripView>();
    this.trips = new Map(trips.map((trip) => [trip.trip, trip]));
    for (const [id, trip] of newer) this.trips.set(id, trip);
    this.since = null;
    this.groups.clear();
  }

  apply(trip: TripView): void {
    this.trips.set(trip.trip, trip);
    this.since?.set(trip.trip, trip);
    this.groups.clear();
  }

  /** Removes trips that ended long ago. */
  prune(now: number): void {
    for (const [id, trip] of this.trips) {
      if (groupOf(trip) === 'ended' && now - (trip.finished_at ?? trip.requested_at) > KEPT_S) this.trips.delete(id);
    }
    this.groups.clear();
  }

  all(): IterableIterator<TripView> {
    return this.trips.values();
  }

  /** The trips of a group: requests and reservations by their time, the earliest first; others the newest first. */
  group(group: Group): readonly TripView[] {
    const known = this.groups.get(group);
    if (known !== undefined) return known;
    const found = [...this.trips.values()].filter((trip) => groupOf(trip) === group);
    found.sort(group === 'waiting' || group === 'reserved' ? byTime : byNewest);
    this.groups.set(group, found);
    return found;
  }
}

function byNewest(a: TripView, b: TripView): number {
  return b.requested_at - a.requested_at || a.trip.localeCompare(b.trip);
}

function byTime(a: TripView, b: TripView): number {
  return (a.pickup_at ?? a.requested_at) - (b.pickup_at ?? b.requested_at) || a.trip.localeCompare(b.trip);
}
