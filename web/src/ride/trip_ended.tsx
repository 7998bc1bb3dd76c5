/** Trips that ended without a ride: cancelled, or no car was found. */
import { AsyncButton } from '../ui/controls';
import { FromTo } from './from_to';
import { text } from './i18n';
import { go } from './navigation';
import type { RideRequest } from './passenger_store';
import type { TripProps } from './trip_props';

const CANCELLED_BY: Readonly<Record<string, 'cancelled_by_you' | 'cancelled_by_driver'>> = {
  passenger: 'cancelled_by_you',
  driver: 'cancelled_by_driver',
};

export function Cancelled({ own: { trip } }: TripProps) {
  return (
    <>
      <section class="card stack">
        <h1>{text('cancelled')}</h1>
        <p>{text(CANCELLED_BY[trip.cancelled_by ?? ''] ?? 'cancelled_by_office')}</p>
        <p class="good">{text('cancelled_free')}</p>
        <FromTo trip={trip} />
      </section>
      <a class="button main wide" href="#book">
        {text('book_new')}
      </a>
    </>
  );
}

export function Unserved({ store, own: { trip } }: TripProps) {
  const again = async () => {
    if (trip.pickup === undefined) return go('#book');
    const ride: RideRequest = {
      pickup: trip.pickup,
      vehicle_class: trip.vehicle_class as NonNullable<RideRequest['vehicle_class']>,
      seats: trip.seats ?? 1,
      needs: (trip.needs ?? []) as NonNullable<RideRequest['needs']>,
    };
    if (trip.dropoff !== undefined) ride.dropoff = trip.dropoff;
    if (trip.note) ride.note = trip.note;
    go(`#trip=${await store.request(ride)}`);
  };
  return (
    <>
      <section class="card stack">
        <h1>{text('unserved')}</h1>
        <p>{text('unserved_more')}</p>
        <FromTo trip={trip} />
      </section>
      <AsyncButton kind="main" wide onPress={again}>
        {text('ask_again')}
      </AsyncButton>
      <a class="button plain wide" href="#book">
        {text('book_new')}
      </a>
    </>
  );
}
