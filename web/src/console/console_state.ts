/** The state of one console: its data, the cars in view, and the open panel, list and layers. */
import { type Signal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { FleetFeed } from '../map/fleet_feed';
import type { Alarm, Place } from '../protocol/messages';
import type { DispatcherStore, Subject } from './dispatcher_store';
import type { MapHandle } from './map_handle';
import type { ReplayPlayer } from './replay_player';

export const TABS = ['requests', 'trips', 'cars', 'alarms'] as const;
export type Tab = (typeof TABS)[number];

export const HEATS = ['none', 'demand', 'free', 'wait'] as const;
export type Heat = (typeof HEATS)[number];

/** The action in progress. `book` and `assign` open a panel beside the map, the others a dialog over it. */
export type ConsoleAction =
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

/** A request to choose a point on the map. */
export interface PointPick {
  /** Identifies the field that wants the point. */
  field: string;
  onPick: (point: Place) => void;
}

export class ConsoleState {
  readonly feed: FleetFeed;
  readonly tab: Signal<Tab> = signal('requests');
  readonly action: Signal<ConsoleAction | null> = signal(null);
  readonly heat: Signal<Heat> = signal('none');
  readonly pickPoint: Signal<PointPick | null> = signal(null);
  readonly pickCar: Signal<((vehicle: string) => void) | null> = signal(null);
  readonly map: Signal<MapHandle | null> = signal(null);
  /** The replay that is open, null for the live view. */
  readonly replay: Signal<ReplayPlayer | null> = signal(null);
  /** The half of the screen that a phone shows. */
  readonly side: Signal<'list' | 'map'> = signal('list');
  /** The text that screen readers announce at once. */
  readonly announced = signal('');

  constructor(readonly store: DispatcherStore) {
    const [lat, lng] = store.city.center;
    this.feed = new FleetFeed(store.connection, { lat, lng });
    store.onMap = (message) => this.feed.receive(message);
    store.onLive = () => this.feed.sendWatch();
  }

  close(): void {
    this.replay.value?.close();
    this.feed.close();
    this.store.close();
  }

  choose(subject: Subject | null): void {
    this.action.value = null;
    this.store.chosen.value = subject;
  }

  closeReplay(): void {
    this.replay.value?.close();
    this.replay.value = null;
  }

  announce(text: string): void {
    this.announced.value = text;
  }
}

export const ConsoleContext = createContext<ConsoleState | null>(null);

export function useConsole(): ConsoleState {
  const state = useContext(ConsoleContext);
  if (state === null) throw new Error('useConsole outside of a ConsoleContext');
  return state;
}
