/** Requests that have waited too long are said once each, for those who do not look. */

import type { Workplace } from './console_state';
import { text } from './texts';
import { isOverdue } from './trip_board';
import { placeWords } from './trip_texts';

export function announceOverdue(workplace: Workplace): () => void {
  const { desk } = workplace;
  const told = new Set<string>();
  let known = false;
  return desk.now.subscribe((now) => {
    const late = desk.trips.group('waiting').filter((trip) => isOverdue(trip, now));
    const fresh = late.filter((trip) => !told.has(trip.trip));
    for (const trip of fresh) told.add(trip.trip);
    if (known && fresh[0] !== undefined) {
      const from = placeWords(fresh[0].pickup);
      workplace.announce(text('overdue.said', { count: late.length, from }));
    }
    known = desk.tripsKnown.value;
  });
}
