/** The route of the chosen trip from its pick-up to its destination, requested once for each trip. */
import { effect } from '@preact/signals';
import { route } from '../client/command_result';
import type { Place, TripView } from '../protocol/messages';
import type { ConsoleState } from './console_state';

export class ChosenRoute {
  /** Lines of longitude and latitude. */
  lines: [number, number][][] = [];
  private shown = '';

  constructor(private readonly consoleState: ConsoleState) {}

  /** Keeps `lines` current until the returned function is called; `onChange` is called after each change. */
  start(onChange: () => void): () => void {
    return effect(() => {
      const trip = this.trip();
      const key = trip === undefined ? '' : `${trip.trip} ${trip.dropoff?.lat} ${trip.dropoff?.lng}`;
      if (key === this.shown) return;
      this.shown = key;
      this.lines = [];
      onChange();
      if (trip?.pickup !== undefined && trip.dropoff !== undefined) {
        void this.load(key, trip.pickup, trip.dropoff, onChange);
      }
    });
  }

  private trip(): TripView | undefined {
    const { store, replay } = this.consoleState;
    void store.tripsVersion.value;
    const chosen = store.chosen.value;
    if (chosen === null || replay.value !== null) return undefined;
    if (chosen.kind === 'trip') return store.trips.get(chosen.id);
    return store.trips.group('open').find((trip) => trip.car?.vehicle === chosen.id);
  }

  private async load(key: string, start: Place, end: Place, onChange: () => void): Promise<void> {
    const found = await route(this.consoleState.store.connection, start, end).catch(() => null);
    if (found === null || key !== this.shown) return;
    this.lines = [found.points.map(([lat, lng]) => [lng, lat])];
    onChange();
  }
}
