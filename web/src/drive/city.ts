/** What the app has to know of the city: its time zone, and where its map lies. */
import { signal } from '@preact/signals';
import { ask } from '../client/http';
import type { CityFacts } from '../protocol/reads';
import { cityZone } from '../ui/formats';

export const city = signal<CityFacts | null>(null);

/** The city's facts; asked for again until they come, because only the map needs them. */
export async function learnCity(): Promise<void> {
  const facts = await ask<CityFacts>('/v1/city').catch(() => null);
  if (facts === null) {
    setTimeout(learnCity, 5000);
    return;
  }
  cityZone.value = facts.time_zone;
  city.value = facts;
}
