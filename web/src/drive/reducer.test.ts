import { expect, test } from 'vitest';
import type { OfferView, Update, VehicleView } from '../protocol/messages';
import { type Duty, fold, followed, NOTHING_YET, putAway, scene } from './reducer';

const offer: OfferView = { offer: 'o1', trip: 'T1', pickup: { lat: 1, lng: 2 }, pickup_s: 90, expires_at: 115 };

function told(event: string, vehicle: Partial<VehicleView>, at = 100): Update {
  return {
    t: 'update',
    stream: 'vehicle:V1',
    seq: 1,
    event,
    at,
    vehicle: { vehicle: 'V1', state: 'idle', ...vehicle },
  };
}

function after(...updates: Update[]): Duty {
  return updates.reduce((duty, update) => fold(duty, update, update.at + 0.2), NOTHING_YET);
}

const offerMade = told('offer_made', { state: 'offered', offer });
const driving = told('offer_accepted', { state: 'to_pickup', trip: 'T1' });
const riding = told('ride_started', { state: 'on_trip', trip: 'T1' });

test('an offer fills the screen, with the countdown from when it was made', () => {
  const duty = after(told('shift_started', {}), offerMade);
  expect(scene(duty, null)).toBe('offer');
  expect(duty.offer).toEqual({ view: offer, since: 100 });
});

test('an offer seen for the first time in a snapshot counts from now', () => {
  const { vehicle } = offerMade;
  const duty = fold(NOTHING_YET, { t: 'snapshot', stream: 'vehicle:V1', seq: 9, recovered: false, vehicle }, 107);
  expect(duty.offer?.since).toBe(107);
});

test('an offer that is gone says how, until the next one', () => {
  const gone = after(offerMade, told('offer_expired', {}));
  expect([scene(gone, null), gone.missed?.outcome]).toEqual(['free', 'expired']);
  expect(fold(gone, offerMade, 100).missed).toBeNull();
  expect(after(offerMade, told('offer_withdrawn', {})).missed?.outcome).toBe('withdrawn');
  expect(after(offerMade, told('offer_declined', {})).missed).toBeNull();
});

test('a trip that was taken away is told; one that was given back is not', () => {
  expect(after(driving, told('trip_released', {})).lost).toBe('T1');
  expect(after(driving, told('trip_given_back', {})).lost).toBeNull();
  expect(after(driving, told('trip_released', {}), driving).lost).toBeNull();
});

test('a finished ride waits for its fare, also if its end was only seen in a snapshot', () => {
  const ended = after(driving, riding, told('ride_finished', {}));
  expect(ended.fares).toEqual(['T1']);
  expect(scene(ended, 'T1')).toBe('fare');
  const { vehicle } = told('', {});
  const missed = fold(after(riding), { t: 'snapshot', stream: 'vehicle:V1', seq: 9, recovered: false, vehicle }, 1);
  expect(missed.fares).toEqual(['T1']);
  expect(putAway(missed, 'T1').fares).toEqual([]);
});

test('the trip at hand and open fares are followed, each once', () => {
  const duty = after(riding, told('ride_finished', {}), told('offer_accepted', { state: 'to_pickup', trip: 'T2' }));
  expect(followed(duty)).toEqual(['T2', 'T1']);
  expect(scene(duty, 'T1')).toBe('to_pickup');
});
