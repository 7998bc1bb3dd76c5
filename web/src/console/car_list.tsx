/** All cars of the registry by state, found by plate, number or driver. */
import { useEffect, useState } from 'preact/hooks';
import type { FleetCar } from '../protocol/reads';
import { MAP_STATES } from '../protocol/tables';
import { span } from '../ui/formats';
import { named } from '../ui/words';
import { useWorkplace } from './console_state';
import { FLEET_READ_MS } from './dispatcher_store';
import { RowButton, Rows, SHOWN } from './rows';
import { StateDot } from './state_dot';
import { text } from './texts';
import { Loading, More } from './trip_list';

const IN_SERVICE = 'in_service';

export function CarList() {
  const workplace = useWorkplace();
  const { desk } = workplace;
  const [state, setState] = useState<string>(IN_SERVICE);
  const [words, setWords] = useState('');
  useEffect(() => {
    const read = () => void desk.readFleet().catch(() => undefined);
    read();
    const timer = setInterval(read, FLEET_READ_MS);
    return () => clearInterval(timer);
  }, [desk]);
  if (!desk.fleetKnown.value) return <Loading />;
  const cars = [...desk.fleet.value.values()].filter((car) => isIn(car, state) && isNamed(car, words));
  return (
    <>
      <div class="filters">
        <label>
          <span class="hidden-text">{text('cars.state')}</span>
          <select value={state} onChange={(event) => setState(event.currentTarget.value)}>
            <option value={IN_SERVICE}>{text('cars.in_service')}</option>
            <option value="">{text('cars.all')}</option>
            {MAP_STATES.map((each) => (
              <option key={each} value={each}>
                {named('vehicle', each)}
              </option>
            ))}
          </select>
        </label>
        <label class="grow">
          <span class="hidden-text">{text('cars.filter')}</span>
          <input
            type="search"
            placeholder={text('cars.filter')}
            value={words}
            onInput={(event) => setWords(event.currentTarget.value)}
          />
        </label>
      </div>
      {cars.length === 0 ? (
        <p class="empty quiet">{text('cars.none')}</p>
      ) : (
        <Rows label={text('tab.cars')} heads={[text('head.plate'), text('head.driver'), text('head.state')]}>
          {cars.slice(0, SHOWN).map((car) => (
            <CarRow key={car.vehicle} car={car} />
          ))}
        </Rows>
      )}
      <More all={cars.length} />
    </>
  );
}

function CarRow({ car }: { car: FleetCar }) {
  const workplace = useWorkplace();
  const since = car.since === undefined ? '' : span(workplace.desk.now.value - car.since);
  return (
    <tr>
      <td>
        <RowButton
          chosen={workplace.desk.chosen.value?.id === car.vehicle}
          open={() => workplace.choose({ kind: 'car', id: car.vehicle })}
        >
          {car.plate}
        </RowButton>
        <span class="quiet small under">{car.vehicle}</span>
      </td>
      <td>{car.driver_name ?? '–'}</td>
      <td>
        <StateDot state={car.state ?? 'offline'} /> {named('vehicle', car.state ?? 'offline')}
        <span class="quiet small under number">{since}</span>
      </td>
    </tr>
  );
}

function isIn(car: FleetCar, state: string): boolean {
  const now = car.state ?? 'offline';
  return state === '' || (state === IN_SERVICE ? now !== 'offline' && now !== 'out_of_service' : now === state);
}

function isNamed(car: FleetCar, words: string): boolean {
  const wanted = words.trim().toLowerCase();
  if (wanted === '') return true;
  const named = [car.plate, car.vehicle, car.driver ?? '', car.driver_name ?? ''];
  return named.some((each) => each.toLowerCase().includes(wanted));
}
