/** From where to where, in words. */
import type { TripView } from '../protocol/messages';
import { placeName } from './places';
import { text } from './text';

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
