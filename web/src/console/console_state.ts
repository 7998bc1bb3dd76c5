/** What one dispatcher has before them: the desk, the cars in view, and which panel, list and layer are open. */
import { type Signal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { FleetFeed } from '../map/fleet_feed';
import type { Alarm, Place } from '../protocol/messages';
import type { Desk, Subject } from './dispatcher_store';
import type { LiveMap } from './live_map';
import type { ReplayDesk } from './replay_player';

export const TABS = ['requests', 'trips', 'cars', 'alarms'] as const;
export type Tab = (typeof TABS)[number];

export const HEATS = ['none', 'demand', 'free', 'wait'] as const;
export type Heat = (typeof HEATS)[number];

/** What the dispatcher is about to do. Those with a panel leave the map free to be clicked. */
export type Act =
  | { kind: 'book' }
  | { kind: 'assign'; trip?: string; vehicle?: string }
  | { kind: 'cancel'; trip: string }
  | { kind: 'take_out'; vehicle: string }
  | { kind: 'refund'; trip: string }
  | { kind: 'settle'; trip: string }
  | { kind: 'broadcast'; vehicle?: string }
  | { kind: 'settle_alarm'; alarm: Alarm }
  | { kind: 'search' }
  | { kind: 'replay' }
  | { kind: 'help' };

export interface PointPick {
  what: string;
  take: (point: Place) => void;
}

export class Workplace {
  readonly feed: FleetFeed;
  readonly tab: Signal<Tab> = signal('requests');
  readonly act: Signal<Act | null> = signal(null);
  readonly heat: Signal<Heat> = signal('none');
  readonly pickPoint: Signal<PointPick | null> = signal(null);
  readonly pickCar: Signal<((vehicle: string) => void) | null> = signal(null);
  readonly map: Signal<LiveMap | null> = signal(null);
  /** The past that is played, null: now. */
  readonly replay: Signal<ReplayDesk | null> = signal(null);
  /** On a phone: the list or the map. */
  readonly side: Signal<'list' | 'map'> = signal('list');
  /** What screen readers are told at once. */
  readonly announced = signal('');

  constructor(readonly desk: Desk) {
    const [lat, lng] = desk.city.center;
    this.feed = new FleetFeed(desk.link, { lat, lng });
    desk.onMap = (message) => this.feed.hear(message);
    desk.onLive = () => this.feed.tell();
  }

  close(): void {
    this.replay.value?.close();
    this.feed.close();
    this.desk.close();
  }

  choose(subject: Subject | null): void {
    this.act.value = null;
    this.desk.chosen.value = subject;
  }

  toNow(): void {
    this.replay.value?.close();
    this.replay.value = null;
  }

  announce(text: string): void {
    this.announced.value = text;
  }
}

export const WorkplaceContext = createContext<Workplace | null>(null);

export function useWorkplace(): Workplace {
  const workplace = useContext(WorkplaceContext);
  if (workplace === null) throw new Error('no workplace around this view');
  return workplace;
}
