/** The live positions that a console watches: it subscribes to cells and receives their frames, without a map. */
import { signal } from '@preact/signals';
import type { Connection } from '../client/connection';
import type { MapCounts, MapFrames } from '../protocol/messages';
import { theme } from '../ui/theme';
import { CAR_COLOURS } from './car_colours';
import type { Origin } from './car_source';
import { CellCounts } from './cell_counts';
import { type Box, cellsInView } from './cells_in_view';
import { Fleet } from './fleet';

export class FleetFeed {
  readonly fleet: Fleet;
  readonly counts = new CellCounts();
  /** True if the view is too wide for single cars: then counts per cell are watched. */
  readonly wide = signal(false);
  /** Number of cars in view in each of `MAP_STATES`; updated once a second. */
  readonly totals = signal<readonly number[]>([]);
  /** The same for the whole city. */
  readonly cityTotals = signal<readonly number[]>([]);
  private watched: string[] | null = [];
  private box: Box | null = null;
  private readonly timer: number;
  private readonly stopTheme: () => void;

  constructor(
    private readonly connection: Connection,
    origin: Origin,
  ) {
    this.fleet = new Fleet(origin, CAR_COLOURS[theme.value]);
    this.stopTheme = theme.subscribe((chosen) => this.fleet.recolour(CAR_COLOURS[chosen]));
    this.timer = window.setInterval(() => this.count(), 1000);
  }

  close(): void {
    clearInterval(this.timer);
    this.stopTheme();
  }

  /** Watches the cars within a box, or the counts per cell if the box is too wide. */
  watch(box: Box): void {
    this.box = box;
    const cells = cellsInView(box);
    if (cells !== null && this.watched !== null && same(cells, this.watched)) return;
    this.watched = cells;
    this.wide.value = cells === null;
    this.fleet.keepOnly(new Set(cells ?? []));
    this.sendWatch();
  }

  /** Sends the watched cells; to be repeated on each new connection. The counts of the whole city are always included. */
  sendWatch(): void {
    void this.connection.command({ t: 'watch', cells: this.watched ?? [], counts: true });
  }

  receive(message: MapFrames | MapCounts): void {
    if (message.t === 'map_counts') {
      this.counts.update(message);
      return;
    }
    const { clock } = this.connection;
    this.fleet.ingest(message.frames, { wallMs: Date.now(), city: clock.now(), speed: clock.speed });
  }

  private count(): void {
    const { speed } = this.connection.clock;
    const city = this.counts.totals();
    const totals = this.wide.value ? city : this.fleet.count(Date.now(), speed, this.box);
    if (!same(city, this.cityTotals.value)) this.cityTotals.value = city;
    if (!same(totals, this.totals.value)) this.totals.value = totals;
  }
}

function same<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((each, place) => each === b[place]);
}
