import { expect, test } from 'vitest';
import type { OfferView, Update, VehicleView } from '../protocol/messages';
import { closeFare, type DriverState, INITIAL_STATE, reduce, scene, subscribedTrips } from './reducer';

const offer: OfferView = { offer: 'o1', trip: 'T1', pickup: { lat: 1, lng: 2 }, pickup_s: 90, expires_at: 115 };

function updated(event: string, vehicle: Partial<VehicleView>, at = 100): Update {
  return {
    t: 'update',
    stream: 'vehicle:V1',
    seq: 1,
    event,
    at,
    vehicle: { vehicle: 'V1', state: 'idle', ...vehicle },
  };
}

function after(...updates: Update[]): DriverState {
  return updates.reduce((state, update) => reduce(state, update, update.at + 0.2), INITIAL_STATE);
}

const offerMade = updated('offer_made', { state: 'offered', offer });
const driving = updated('offer_accepted', { state: 'to_pickup', trip: 'T1' });
const riding = updated('ride_started', { state: 'on_trip', trip: 'T1' });

test('an offer fills the screen, with the countdown from when it was made', () => {
  const state = after(updated('shift_started', {}), offerMade);
  expect(scene(state, null)).toBe('offer');
  expect(state.offer).toEqual({ view: offer, since: 100 });
});

test('an offer seen for the first time in a snapshot counts from now', () => {
  const { vehicle } = offerMade;
  const state = reduce(INITIAL_STATE, { t: 'snapshot', stream: 'vehicle:V1', seq: 9, recovered: false, vehicle }, 107);
  expect(state.offer?.since).toBe(107);
});

test('an offer that is gone says how, until the next one', () => {
  const gone = after(offerMade, updated('offer_expired', {}));
  expect([scene(gone, null), gone.missed?.outcome]).toEqual(['free', 'expired']);
  expect(reduce(gone, offerMade, 100).missed).toBeNull();
  expect(after(offerMade, updated('offer_withdrawn', {})).missed?.outcome).toBe('withdrawn');
  expect(after(offerMade, updated('offer_declined', {})).missed).toBeNull();
});

test('a released trip is reported; a returned one is not', () => {
  expect(after(driving, updated('trip_released', {})).lost).toBe('T1');
  expect(after(driving, updated('trip_given_back', {})).lost).toBeNull();
  expect(after(driving, updated('trip_released', {}), driving).lost).toBeNull();
});

test('a finished ride waits for its fare, also if its end was only seen in a snapshot', () => {
  const ended = after(driving, riding, updated('ride_finished', {}));
  expect(ended.fares).toEqual(['T1']);
  expect(scene(ended, 'T1')).toBe('fare');
  const { vehicle } = updated('', {});
  const missed = reduce(after(riding), { t: 'snapshot', stream: 'vehicle:V1', seq: 9, recovered: false, vehicle }, 1);
  expect(missed.fares).toEqual(['T1']);
  expect(closeFare(missed, 'T1').fares).toEqual([]);
});

test('the trip at hand and open fares are subscribedTrips, each once', () => {
  const state = after(
    riding,
    updated('ride_finished', {}),
    updated('offer_accepted', { state: 'to_pickup', trip: 'T2' }),
  );
  expect(subscribedTrips(state)).toEqual(['T2', 'T1']);
  expect(scene(state, 'T1')).toBe('to_pickup');
});
