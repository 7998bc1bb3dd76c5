/** Places chosen by a point on the map or by the location of the phone. */
import type { Place } from '../protocol/messages';
import type { CityFacts } from '../protocol/reads';
import { commonText } from '../ui/i18n';
import { placeNameAt, placeText } from '../ui/place_search';
import { text } from './i18n';

const LOCATION_TIMEOUT_MS = 15_000;

/** A point with its name; "Point on the map" if it has none. */
export async function placeAt(lat: number, lng: number, token: string): Promise<Place> {
  return { lat, lng, text: (await placeNameAt(lat, lng, token)) || commonText('place.point') };
}

/** Throws a text to show if the phone does not provide its location, or is outside the city. */
export async function currentPlace(city: CityFacts, token: string): Promise<Place> {
  const fix = await new Promise<GeolocationPosition>((resolve, fail) => {
    if (!('geolocation' in navigator)) return fail(text('location_refused'));
    navigator.geolocation.getCurrentPosition(resolve, () => fail(text('location_refused')), {
      enableHighAccuracy: true,
      timeout: LOCATION_TIMEOUT_MS,
      maximumAge: 30_000,
    });
  });
  const { latitude, longitude } = fix.coords;
  if (!isInCity(city, latitude, longitude)) throw text('out_of_city');
  return placeAt(latitude, longitude, token);
}

function isInCity(city: CityFacts, lat: number, lng: number): boolean {
  if (city.box === undefined) return true;
  const [south, west, north, east] = city.box;
  return lat >= south && lat <= north && lng >= west && lng <= east;
}

/** The name of a place; empty for no place. */
export function placeName(place: Place | undefined): string {
  return place === undefined ? '' : placeText(place);
}
