import { expect, test } from 'vitest';
import type { TripView } from '../protocol/messages';
import { isOverdue, OVERDUE_S, TripBoard, waitedS } from './trip_board';

function trip(id: string, state: string, requested_at: number, more: Partial<TripView> = {}): TripView {
  return { trip: id, state, origin: 'app', vehicle_class: 'standard', requested_at, ...more };
}

test('a message that arrives while a list is read is newer than the list', () => {
  const board = new TripBoard();
  board.beginList();
  board.apply(trip('a', 'assigned', 10));
  board.applyList([trip('a', 'matching', 10), trip('b', 'matching', 5)]);
  expect(board.get('a')?.state).toBe('assigned');
  expect(board.group('waiting').map((each) => each.trip)).toEqual(['b']);
});

test('a list replaces what was known, so that trips missed while away are not kept for ever', () => {
  const board = new TripBoard();
  board.apply(trip('old', 'matching', 1));
  board.beginList();
  board.applyList([trip('new', 'matching', 2)]);
  expect([...board.all()].map((each) => each.trip)).toEqual(['new']);
});

test('who waits longest stands first, and reservations by their time', () => {
  const board = new TripBoard();
  for (const each of [trip('b', 'matching', 20), trip('a', 'offered', 10)]) board.apply(each);
  for (const [id, at] of [['l', 900] as const, ['e', 600] as const]) {
    board.apply(trip(id, 'reserved', 1, { pickup_at: at }));
  }
  expect(board.group('waiting').map((each) => each.trip)).toEqual(['a', 'b']);
  expect(board.group('reserved').map((each) => each.trip)).toEqual(['e', 'l']);
});

test('a request is overdue after its time, a reservation counted from the hour it was made for', () => {
  expect(isOverdue(trip('a', 'matching', 0), OVERDUE_S)).toBe(true);
  expect(isOverdue(trip('a', 'assigned', 0), OVERDUE_S)).toBe(false);
  const reserved = trip('r', 'matching', 0, { pickup_at: 1000 });
  expect(waitedS(reserved, 900)).toBe(-100);
  expect(isOverdue(reserved, 1000 + OVERDUE_S)).toBe(true);
});

test('what ended an hour ago is forgotten', () => {
  const board = new TripBoard();
  board.apply(trip('p', 'paid', 0, { finished_at: 100 }));
  board.apply(trip('u', 'fare_due', 0, { finished_at: 100 }));
  board.prune(3800);
  expect([...board.all()].map((each) => each.trip)).toEqual(['u']);
});
