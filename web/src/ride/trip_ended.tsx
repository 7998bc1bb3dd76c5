/** Rides that ended without one: cancelled, or no car came. */
import { Action } from '../ui/controls';
import { FromTo } from './from_to';
import { go } from './navigation';
import type { Wishes } from './passenger_store';
import { isText, text } from './text';
import type { TripProps } from './trip_page';

export function Cancelled({ own: { trip } }: TripProps) {
  const by = { passenger: 'cancelled_by_you', driver: 'cancelled_by_driver' }[trip.cancelled_by ?? ''];
  const said = by !== undefined && isText(by) ? by : 'cancelled_by_office';
  return (
    <>
      <section class="card stack">
        <h1>{text('cancelled')}</h1>
        <p>{text(said)}</p>
        <p class="good">{text('cancelled_free')}</p>
        <FromTo trip={trip} />
      </section>
      <a class="button main wide" href="#book">
        {text('book_new')}
      </a>
    </>
  );
}

export function Unserved({ model, own: { trip } }: TripProps) {
  const again = async () => {
    if (trip.pickup === undefined) return go('#book');
    const wishes: Wishes = {
      pickup: trip.pickup,
      vehicle_class: trip.vehicle_class as NonNullable<Wishes['vehicle_class']>,
      seats: trip.seats ?? 1,
      needs: (trip.needs ?? []) as NonNullable<Wishes['needs']>,
    };
    if (trip.dropoff !== undefined) wishes.dropoff = trip.dropoff;
    if (trip.note) wishes.note = trip.note;
    go(`#trip=${await model.request(wishes)}`);
  };
  return (
    <>
      <section class="card stack">
        <h1>{text('unserved')}</h1>
        <p>{text('unserved_more')}</p>
        <FromTo trip={trip} />
      </section>
      <Action kind="main" wide act={again}>
        {text('ask_again')}
      </Action>
      <a class="button plain wide" href="#book">
        {text('book_new')}
      </a>
    </>
  );
}
