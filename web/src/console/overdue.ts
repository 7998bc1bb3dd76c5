/** Announces each overdue request once to screen readers. */
import type { ConsoleState } from './console_state';
import { text } from './i18n';
import { placeName } from './texts';
import { isOverdue } from './trip_board';

export function announceOverdue(consoleState: ConsoleState): () => void {
  const { store } = consoleState;
  const announced = new Set<string>();
  let known = false;
  return store.now.subscribe((now) => {
    const late = store.trips.group('waiting').filter((trip) => isOverdue(trip, now));
    const fresh = late.filter((trip) => !announced.has(trip.trip));
    for (const trip of fresh) announced.add(trip.trip);
    if (known && fresh[0] !== undefined) {
      const from = placeName(fresh[0].pickup);
      consoleState.announce(text('overdue.announcement', { count: late.length, from }));
    }
    known = store.tripsLoaded.value;
  });
}
