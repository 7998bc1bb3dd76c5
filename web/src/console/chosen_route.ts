/** The way by road of the chosen trip: from its pick-up to where it goes. Asked once for each trip that is chosen. */
import { effect } from '@preact/signals';
import type { Place, TripView } from '../protocol/messages';
import type { Workplace } from './console_state';

export class Routes {
  /** Longitude and latitude of each point. */
  ways: [number, number][][] = [];
  private shown = '';

  constructor(private readonly workplace: Workplace) {}

  /** Keep `ways` current; `changed` is called whenever they are others. */
  start(changed: () => void): () => void {
    return effect(() => {
      const trip = this.trip();
      const key = trip === undefined ? '' : `${trip.trip} ${trip.dropoff?.lat} ${trip.dropoff?.lng}`;
      if (key === this.shown) return;
      this.shown = key;
      this.ways = [];
      changed();
      if (trip?.pickup !== undefined && trip.dropoff !== undefined)
        void this.ask(key, trip.pickup, trip.dropoff, changed);
    });
  }

  private trip(): TripView | undefined {
    const { desk, replay } = this.workplace;
    void desk.tripsTurn.value;
    const chosen = desk.chosen.value;
    if (chosen === null || replay.value !== null) return undefined;
    if (chosen.kind === 'trip') return desk.trips.get(chosen.id);
    return desk.trips.group('open').find((trip) => trip.car?.vehicle === chosen.id);
  }

  private async ask(key: string, start: Place, end: Place, changed: () => void): Promise<void> {
    const settled = await this.workplace.desk.link.command({ t: 'route', start, end });
    if (!settled.ok || key !== this.shown) return;
    const points = settled.accepted.result?.points as [number, number][];
    this.ways = [points.map(([lat, lng]) => [lng, lat])];
    changed();
  }
}
