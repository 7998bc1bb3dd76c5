/** The names of pick-up and destination. */
import type { TripView } from '../protocol/messages';
import { text } from './i18n';
import { placeName } from './places';

export function FromTo({ trip }: { trip: TripView }) {
  return (
    <dl class="from-to">
      <dt>{text('from')}</dt>
      <dd>{placeName(trip.pickup) || '–'}</dd>
      <dt>{text('to')}</dt>
      <dd>{trip.dropoff === undefined ? text('no_destination') : placeName(trip.dropoff)}</dd>
    </dl>
  );
}
