/** The rating of a ride: one to five stars and a comment. */
import { useState } from 'preact/hooks';
import type { TripView } from '../protocol/messages';
import { AsyncButton, Field } from '../ui/controls';
import { text } from './i18n';
import type { PassengerStore } from './passenger_store';

const STARS = [1, 2, 3, 4, 5];

export function Rating({ store, trip }: { store: PassengerStore; trip: TripView }) {
  const [stars, setStars] = useState(0);
  const [comment, setComment] = useState('');
  if (trip.stars !== undefined) {
    return (
      <p class="card centered" role="status">
        <span aria-hidden="true" class="star-row">
          {'★'.repeat(trip.stars)}
        </span>
        <span class="hidden-text">{text('stars', { count: trip.stars })}</span> {text('rated')}
      </p>
    );
  }
  return (
    <section class="card stack">
      <fieldset class="choice">
        <legend>
          <strong>{text('rate')}</strong>
        </legend>
        <div class="stars">
          {STARS.map((each) => (
            <label key={each} class={each <= stars ? 'lit' : ''}>
              <input
                type="radio"
                name="stars"
                checked={stars === each}
                onChange={() => setStars(each)}
                aria-label={text('stars', { count: each })}
              />
              <span aria-hidden="true">★</span>
            </label>
          ))}
        </div>
      </fieldset>
      {stars > 0 && (
        <>
          <Field label={text('comment')}>
            <textarea
              rows={2}
              maxLength={300}
              value={comment}
              onInput={(event) => setComment(event.currentTarget.value)}
            />
          </Field>
          <AsyncButton wide onPress={() => store.rate(trip.trip, stars, comment.trim())}>
            {text('rate_send')}
          </AsyncButton>
        </>
      )}
    </section>
  );
}
