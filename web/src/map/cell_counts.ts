/** Number of cars per cell, summed over the hosts; shown if the view is too wide for single cars. */
import type { CellCount, MapCounts } from '../protocol/messages';
import { MAP_STATES } from '../protocol/tables';

export interface CellSum {
  cell: string;
  /** Number of cars in each of `MAP_STATES`. */
  states: number[];
  /** Cars that are not offline. */
  cars: number;
  free: number;
}

const OFFLINE = MAP_STATES.indexOf('offline');
const IDLE = MAP_STATES.indexOf('idle');

export class CellCounts {
  private readonly hosts = new Map<string, CellCount[]>();

  update(message: MapCounts): void {
    this.hosts.set(message.host, message.cells);
  }

  /** Cells with at least one car in service. */
  sums(): CellSum[] {
    const cells = new Map<string, CellSum>();
    for (const counts of this.hosts.values()) {
      for (const [cell, states] of counts) {
        const sum = cells.get(cell) ?? { cell, states: MAP_STATES.map(() => 0), cars: 0, free: 0 };
        states.forEach((count, state) => {
          sum.states[state] = (sum.states[state] ?? 0) + count;
          if (state !== OFFLINE) sum.cars += count;
          if (state === IDLE) sum.free += count;
        });
        cells.set(cell, sum);
      }
    }
    return [...cells.values()].filter((sum) => sum.cars > 0);
  }

  /** Number of cars in each of `MAP_STATES`. */
  totals(): number[] {
    const totals = MAP_STATES.map(() => 0);
    for (const sum of this.sums()) {
      sum.states.forEach((count, state) => {
        totals[state] = (totals[state] ?? 0) + count;
      });
    }
    return totals;
  }
}
