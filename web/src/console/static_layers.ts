/** The layers that change at most once a second: cells, waiting requests, and the lines from cars to their pick-ups. */
import type { Layer } from '@deck.gl/core';
import type { CarSource, Origin } from '../map/car_source';
import { MAP_STATES } from '../protocol/tables';
import { theme } from '../ui/theme';
import type { ConsoleState, Heat } from './console_state';
import { demand, density, type Heated, waits } from './heat';
import { heatLayers, LOOKS, type Pin, pinLayers } from './map_layers';
import { PickupLines } from './pickup_lines';
import { isOverdue, OVERDUE_S, waitedS } from './trip_board';

const PINS = 300;
const LABELS_FROM_ZOOM = 13;
const HEAT_EVERY_MS = 1000;
const IDLE = MAP_STATES.indexOf('idle');

export class StaticLayers {
  readonly lines: PickupLines;
  /** Layers above the cars. */
  above: Layer[] = [];
  private pins: Pin[] = [];
  private heated: Heated[] = [];
  private heatedAs: Heat = 'none';
  private heatedAt = 0;

  constructor(
    private readonly consoleState: ConsoleState,
    private readonly source: () => CarSource,
    origin: Origin,
  ) {
    this.lines = new PickupLines(origin);
  }

  build(zoom: number): Layer[] {
    const look = LOOKS[theme.value];
    const past = this.consoleState.replay.value !== null;
    if (past) this.readPast();
    else this.readNow();
    this.above = pinLayers(this.pins, zoom >= LABELS_FROM_ZOOM, look);
    const cells = past ? [] : this.cells();
    return cells.length === 0 ? [] : heatLayers(cells, this.cellText, look);
  }

  /** The trip of the nearest pin within `reach`. */
  pinAt(distance: (pin: Pin) => number, reach: number): string | undefined {
    let [found, best] = [undefined as string | undefined, reach];
    for (const pin of this.pins) {
      const far = distance(pin);
      if (far <= best) [found, best] = [pin.trip, far];
    }
    return found;
  }

  private readNow(): void {
    const { store } = this.consoleState;
    const now = store.now.value;
    const waiting = store.trips.group('waiting');
    this.pins = waiting.slice(0, PINS).flatMap((trip, place) => {
      if (trip.pickup === undefined) return [];
      const { lat, lng } = trip.pickup;
      const age = waitedS(trip, now);
      return [{ trip: trip.trip, lng, lat, age: ageText(age), late: isOverdue(trip, now), oldest: place === 0 }];
    });
    this.lines.set(
      store.trips.group('open').flatMap(({ state, car, pickup }) => {
        return state === 'assigned' && car !== undefined && pickup !== undefined
          ? [{ vehicle: car.vehicle, pickup }]
          : [];
      }),
    );
  }

  private readPast(): void {
    const past = this.consoleState.replay.value;
    if (past === null) return;
    const now = past.at.value;
    const trips = [...past.trips.value.values()];
    this.pins = trips.flatMap(({ trip, state, pickup, requestedAt }) => {
      if (pickup === undefined || (state !== 'matching' && state !== 'offered')) return [];
      const age = now - requestedAt;
      return [{ trip, lng: pickup.lng, lat: pickup.lat, age: ageText(age), late: age > OVERDUE_S, oldest: false }];
    });
    this.lines.set(
      trips.flatMap(({ state, vehicle, pickup }) =>
        state === 'assigned' && vehicle !== undefined && pickup !== undefined ? [{ vehicle, pickup }] : [],
      ),
    );
  }

  private cells(): Heated[] {
    const { store, feed, heat } = this.consoleState;
    const chosen = heat.value;
    if (feed.wide.value && chosen === 'none') {
      return feed.counts.sums().map(({ cell, cars }) => ({ cell, value: cars }));
    }
    if (chosen === 'none') return [];
    const wall = Date.now();
    if (chosen === this.heatedAs && wall - this.heatedAt < HEAT_EVERY_MS) return this.heated;
    [this.heatedAs, this.heatedAt] = [chosen, wall];
    if (chosen === 'demand') this.heated = demand(store.trips.all(), store.now.value);
    else if (chosen === 'wait') this.heated = waits(store.trips.all());
    else this.heated = feed.wide.value ? this.freeByCounts() : density(this.freePoints());
    return this.heated;
  }

  private freeByCounts(): Heated[] {
    const sums = this.consoleState.feed.counts.sums();
    return sums.filter(({ free }) => free > 0).map(({ cell, free }) => ({ cell, value: free }));
  }

  private freePoints(): [number, number][] {
    const { fleet } = this.consoleState.feed;
    const points: [number, number][] = [];
    fleet.forEach((slot, state) => {
      if (state === IDLE && this.source() === fleet) points.push(fleet.pointOf(slot));
    });
    return points;
  }

  private readonly cellText = (value: number): string =>
    this.consoleState.heat.value === 'wait' ? ageText(value) : String(Math.round(value));
}

/** Minutes and seconds with digits and a colon only, which every font of the map has. */
export function ageText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
