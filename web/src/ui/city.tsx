/** The facts of the city (name, time zone, area), which each app loads before it shows anything that needs them. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { request } from '../client/http';
import type { CityFacts } from '../protocol/reads';
import { AsyncButton, ErrorNote, Preferences } from './controls';
import { cityZone } from './formats';
import { commonText } from './i18n';

export const city = signal<CityFacts | null>(null);
const loadError = signal<unknown>(null);

/** Loads the facts of the city; false if that failed. */
export async function loadCity(): Promise<boolean> {
  loadError.value = null;
  try {
    const facts = await request<CityFacts>('/v1/city');
    cityZone.value = facts.time_zone;
    city.value = facts;
    return true;
  } catch (error) {
    loadError.value = error;
    return false;
  }
}

/** The page that loads the city; a failure is shown with a button to retry. */
export function CityLoading({ title }: { title: string }) {
  useEffect(() => void loadCity(), []);
  return (
    <main class="entry stack">
      <h1>{title}</h1>
      {loadError.value === null ? (
        <p class="quiet" role="status" aria-busy="true">
          {commonText('loading')}
        </p>
      ) : (
        <>
          <ErrorNote error={loadError.value} />
          <AsyncButton kind="main" onPress={loadCity}>
            {commonText('action.retry')}
          </AsyncButton>
        </>
      )}
      <Preferences />
    </main>
  );
}
