/** The props of the components that show one trip. */
import type { CityFacts } from '../protocol/reads';
import type { PassengerStore } from './passenger_store';
import type { OwnTrip } from './trip_reducer';
import type { KnownRoute } from './use_route';

export interface TripProps {
  store: PassengerStore;
  city: CityFacts;
  own: OwnTrip;
}

export interface OnMapProps extends TripProps {
  /** The route that the car has ahead. */
  route: KnownRoute | null;
}
