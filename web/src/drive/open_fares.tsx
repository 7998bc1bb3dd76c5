/** Buttons to collect the open fares of earlier rides. */
import { money } from '../ui/formats';
import type { DriverStore } from './driver_store';
import { text } from './i18n';
import { isSettled } from './reducer';

export function OpenFares({ store }: { store: DriverStore }) {
  const { fares, trips } = store.state.value;
  const open = fares.flatMap((id) => {
    const trip = trips[id];
    return trip?.fare === undefined || isSettled(trip) ? [] : [{ id, total: trip.fare.total }];
  });
  if (open.length === 0) return null;
  return (
    <section class="stack open-fares" aria-label={text('fare.open')}>
      <h2 class="quiet small">{text('fare.open')}</h2>
      {open.map(({ id, total }) => (
        <button type="button" class="button wide number" key={id} onClick={() => store.collect(id)}>
          {text('fare.open_one', { amount: money(total) })}
        </button>
      ))}
    </section>
  );
}
