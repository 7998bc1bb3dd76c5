/** The cars that a console watches: which cells it asks for, and what it hears of them. No map is needed for it. */
import { signal } from '@preact/signals';
import type { Link } from '../client/connection';
import type { MapCounts, MapFrames } from '../protocol/messages';
import { theme } from '../ui/theme';
import { CAR_COLOURS } from './car_colours';
import type { Origin } from './car_source';
import { CountsBoard } from './cell_counts';
import { type Box, cellsInView } from './cells_in_view';
import { Fleet } from './fleet';

export class FleetFeed {
  readonly fleet: Fleet;
  readonly counts = new CountsBoard();
  /** Whether counts by cell are watched in place of cars. */
  readonly wide = signal(false);
  /** Cars by state that are in view, by `MAP_STATES`; once a second. */
  readonly totals = signal<readonly number[]>([]);
  /** The same of the whole city. */
  readonly cityTotals = signal<readonly number[]>([]);
  private watched: string[] | null = [];
  private box: Box | null = null;
  private readonly timer: number;
  private readonly stopTheme: () => void;

  constructor(
    private readonly link: Link,
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

  /** Watch what lies in a box: its cars, or where it is too wide how many there are in each cell. */
  look(box: Box): void {
    this.box = box;
    const cells = cellsInView(box);
    if (cells !== null && this.watched !== null && same(cells, this.watched)) return;
    this.watched = cells;
    this.wide.value = cells === null;
    this.fleet.keepOnly(new Set(cells ?? []));
    this.tell();
  }

  /** Say again what is watched: a new connection watches nothing. Counts are small, and the whole city's are shown. */
  tell(): void {
    void this.link.command({ t: 'watch', cells: this.watched ?? [], counts: true });
  }

  hear(message: MapFrames | MapCounts): void {
    if (message.t === 'map_counts') {
      this.counts.said(message);
      return;
    }
    const { clock } = this.link;
    this.fleet.hear(message.frames, { wallMs: Date.now(), city: clock.now(), speed: clock.speed });
  }

  private count(): void {
    const { speed } = this.link.clock;
    const city = this.counts.totals();
    const totals = this.wide.value ? city : this.fleet.count(Date.now(), speed, this.box);
    if (!same(city, this.cityTotals.value)) this.cityTotals.value = city;
    if (!same(totals, this.totals.value)) this.totals.value = totals;
  }
}

function same<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((each, place) => each === b[place]);
}
