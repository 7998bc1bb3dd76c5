/** Where somebody is or wants to go: by text, by a point on the map, by the phone's GPS. */
import { ask } from '../client/http';
import type { Place } from '../protocol/messages';
import type { CityFacts, PlaceList } from '../protocol/reads';
import { text } from './text';

const GPS_WITHIN_MS = 15_000;

/** To be shown to the person as it is. */
export class PlaceProblem extends Error {}

export async function placesLike(wanted: string, near: [number, number], token: string): Promise<Place[]> {
  const found = await ask<PlaceList>('/v1/places', { token, post: { text: wanted, near } });
  return found.places;
}

/** A point with its name; with none where nobody knows one. */
export async function placeAt(lat: number, lng: number, token: string): Promise<Place> {
  try {
    const found = await ask<PlaceList>('/v1/places/at', { token, post: { lat, lng } });
    const name = found.places[0]?.text;
    return { lat, lng, text: name ?? text('point_on_map') };
  } catch {
    return { lat, lng, text: text('point_on_map') };
  }
}

/** Throws `PlaceProblem`. */
export async function whereThePhoneIs(city: CityFacts, token: string): Promise<Place> {
  const fix = await new Promise<GeolocationPosition>((settle, fail) => {
    if (!('geolocation' in navigator)) return fail(new PlaceProblem(text('location_refused')));
    navigator.geolocation.getCurrentPosition(settle, () => fail(new PlaceProblem(text('location_refused'))), {
      enableHighAccuracy: true,
      timeout: GPS_WITHIN_MS,
      maximumAge: 30_000,
    });
  });
  const { latitude, longitude } = fix.coords;
  if (!serves(city, latitude, longitude)) throw new PlaceProblem(text('out_of_city'));
  return placeAt(latitude, longitude, token);
}

function serves(city: CityFacts, lat: number, lng: number): boolean {
  if (city.box === undefined) return true;
  const [south, west, north, east] = city.box;
  return lat >= south && lat <= north && lng >= west && lng <= east;
}

export function placeName(place: Place | undefined): string {
  return place === undefined ? '' : place.text || text('point_on_map');
}
