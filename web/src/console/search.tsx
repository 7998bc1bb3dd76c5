/** Finding a trip, a car, a driver or a caller by any part of a number, plate or phone. */
import { useEffect, useState } from 'preact/hooks';
import type { SearchHits } from '../protocol/reads';
import { Dialog, Field } from '../ui/controls';
import { dayAndTime } from '../ui/formats';
import { complaint, named } from '../ui/words';
import { useWorkplace } from './console_state';
import type { Subject } from './dispatcher_store';
import { StateDot } from './state_dot';
import { text } from './texts';
import { placeWords } from './trip_texts';

const QUIET_MS = 250;

export function SearchDialog({ close }: { close: () => void }) {
  const { desk } = useWorkplace();
  const [words, setWords] = useState('');
  const [found, setFound] = useState<SearchHits | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const question = words.trim();
  useEffect(() => {
    setProblem(null);
    if (question.length < 2) {
      setFound(null);
      return;
    }
    let open = true;
    const timer = setTimeout(() => {
      desk.post<SearchHits>('/v1/search', { text: question }).then(
        (answer) => open && setFound(answer),
        (error) => open && setProblem(complaint(error)),
      );
    }, QUIET_MS);
    return () => {
      open = false;
      clearTimeout(timer);
    };
  }, [question, desk]);
  return (
    <Dialog title={text('start.search')} onClose={close}>
      <Field label={text('search.what')}>
        <input inputMode="search" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
      </Field>
      <p class="quiet small" role="status">
        {problem ?? (found === null ? text('search.hint') : summary(found))}
      </p>
      {found !== null && <Found found={found} />}
    </Dialog>
  );
}

function summary(found: SearchHits): string {
  const count = found.trips.length + found.cars.length;
  return count === 0
    ? text('search.nothing')
    : text('search.found', { trips: found.trips.length, cars: found.cars.length });
}

function Found({ found }: { found: SearchHits }) {
  const workplace = useWorkplace();
  const open = (subject: Subject) => workplace.choose(subject);
  return (
    <ul class="plain-list hits">
      {found.cars.map((car) => (
        <li key={car.vehicle}>
          <button type="button" class="hit" onClick={() => open({ kind: 'car', id: car.vehicle })}>
            <strong>{car.plate}</strong>
            <span class="small">
              <StateDot state={car.state ?? 'offline'} /> {named('vehicle', car.state ?? 'offline')}
              {car.driver_name && ` · ${car.driver_name}`}
            </span>
          </button>
        </li>
      ))}
      {found.trips.map((trip) => (
        <li key={trip.trip}>
          <button type="button" class="hit" onClick={() => open({ kind: 'trip', id: trip.trip })}>
            <strong>{placeWords(trip.pickup)}</strong>
            <span class="small">
              {named('trip', trip.state)} · {dayAndTime(trip.requested_at)}
              {trip.passenger && ` · ${trip.passenger}`}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
