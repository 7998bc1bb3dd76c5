/** Search for a trip, car, driver or caller by a part of a number, plate or phone. */
import { useState } from 'preact/hooks';
import type { SearchHits } from '../protocol/reads';
import { Dialog, Field } from '../ui/controls';
import { dayAndTime } from '../ui/formats';
import { errorText, wireText } from '../ui/i18n';
import { useSearch } from '../ui/use_search';
import { useConsole } from './console_state';
import { text } from './i18n';
import { StateDot } from './state_dot';
import { placeName } from './texts';

export function SearchDialog({ close }: { close: () => void }) {
  const { store } = useConsole();
  const [typed, setTyped] = useState('');
  const { answer, error } = useSearch(typed, (question) => store.post<SearchHits>('/v1/search', { text: question }));
  const status = answer === null ? text('search.hint') : summary(answer);
  return (
    <Dialog title={text('start.search')} onClose={close}>
      <Field label={text('search.what')}>
        <input inputMode="search" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
      </Field>
      <p class="quiet small" role="status">
        {error === null ? status : errorText(error)}
      </p>
      {answer !== null && <Results answer={answer} />}
    </Dialog>
  );
}

function summary({ trips, cars }: SearchHits): string {
  if (trips.length + cars.length === 0) return text('search.nothing');
  return text('search.found', { trips: trips.length, cars: cars.length });
}

function Results({ answer: { cars, trips } }: { answer: SearchHits }) {
  const consoleState = useConsole();
  return (
    <ul class="plain-list hits">
      {cars.map((car) => (
        <li key={car.vehicle}>
          <button type="button" class="hit" onClick={() => consoleState.choose({ kind: 'car', id: car.vehicle })}>
            <strong>{car.plate}</strong>
            <span class="small">
              <StateDot state={car.state ?? 'offline'} /> {wireText('vehicle', car.state ?? 'offline')}
              {car.driver_name && ` · ${car.driver_name}`}
            </span>
          </button>
        </li>
      ))}
      {trips.map((trip) => (
        <li key={trip.trip}>
          <button type="button" class="hit" onClick={() => consoleState.choose({ kind: 'trip', id: trip.trip })}>
            <strong>{placeName(trip.pickup)}</strong>
            <span class="small">
              {wireText('trip', trip.state)} · {dayAndTime(trip.requested_at)}
              {trip.passenger && ` · ${trip.passenger}`}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
