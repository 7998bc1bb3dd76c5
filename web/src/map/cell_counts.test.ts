import { expect, test } from 'vitest';
import { CellCounts } from './cell_counts';

test('counts of hosts are added up, a host replaces its own, and offline cars do not count', () => {
  const board = new CellCounts();
  board.update({ t: 'map_counts', host: 'a', at: 0, cells: [['c1', [9, 9]]] });
  board.update({ t: 'map_counts', host: 'a', at: 1, cells: [['c1', [5, 2, 0, 1]]] });
  const later = { t: 'map_counts' as const, host: 'b', at: 1 };
  board.update({
    ...later,
    cells: [
      ['c1', [0, 1]],
      ['c2', [3]],
    ],
  });
  expect(board.sums()).toEqual([{ cell: 'c1', states: [5, 3, 0, 1, 0, 0, 0, 0], cars: 4, free: 3 }]);
  expect(board.totals()).toEqual([5, 3, 0, 1, 0, 0, 0, 0]);
});
