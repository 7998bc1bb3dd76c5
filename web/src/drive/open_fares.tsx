/** Fares of earlier rides that still wait, each one press away. */
import { money } from '../ui/formats';
import type { Cab } from './driver_store';
import { isSettled } from './reducer';
import { text } from './texts';

export function OpenFares({ cab }: { cab: Cab }) {
  const { fares, trips } = cab.duty.value;
  const open = fares.flatMap((id) => {
    const trip = trips[id];
    return trip?.fare === undefined || isSettled(trip) ? [] : [{ id, total: trip.fare.total }];
  });
  if (open.length === 0) return null;
  return (
    <section class="stack open-fares" aria-label={text('fare.open')}>
      <h2 class="quiet small">{text('fare.open')}</h2>
      {open.map(({ id, total }) => (
        <button type="button" class="button wide number" key={id} onClick={() => cab.collect(id)}>
          {text('fare.open_one', { amount: money(total) })}
        </button>
      ))}
    </section>
  );
}
