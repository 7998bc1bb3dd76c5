/** All cars of the registry, filtered by state, plate, number or driver. */
import { useEffect, useState } from 'preact/hooks';
import type { FleetCar } from '../protocol/reads';
import { MAP_STATES } from '../protocol/tables';
import { duration } from '../ui/formats';
import { wireText } from '../ui/i18n';
import { useInterval } from '../ui/use_interval';
import { useConsole } from './console_state';
import { FLEET_READ_MS } from './dispatcher_store';
import { text } from './i18n';
import { MAX_ROWS, RowButton, Rows } from './rows';
import { StateDot } from './state_dot';
import { Loading, More } from './trip_list';

const IN_SERVICE = 'in_service';

export function CarList() {
  const consoleState = useConsole();
  const { store } = consoleState;
  const [state, setState] = useState<string>(IN_SERVICE);
  const [filter, setFilter] = useState('');
  const read = () => void store.readFleet().catch(() => undefined);
  useEffect(read, [store]);
  useInterval(read, FLEET_READ_MS);
  if (!store.fleetLoaded.value) return <Loading />;
  const cars = [...store.fleet.value.values()].filter((car) => isIn(car, state) && isNamed(car, filter));
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
                {wireText('vehicle', each)}
              </option>
            ))}
          </select>
        </label>
        <label class="grow">
          <span class="hidden-text">{text('cars.filter')}</span>
          <input
            type="search"
            placeholder={text('cars.filter')}
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
        </label>
      </div>
      {cars.length === 0 ? (
        <p class="empty quiet">{text('cars.none')}</p>
      ) : (
        <Rows label={text('tab.cars')} heads={[text('head.plate'), text('head.driver'), text('head.state')]}>
          {cars.slice(0, MAX_ROWS).map((car) => (
            <CarRow key={car.vehicle} car={car} />
          ))}
        </Rows>
      )}
      <More all={cars.length} />
    </>
  );
}

function CarRow({ car }: { car: FleetCar }) {
  const consoleState = useConsole();
  const since = car.since === undefined ? '' : duration(consoleState.store.now.value - car.since);
  return (
    <tr>
      <td>
        <RowButton
          chosen={consoleState.store.chosen.value?.id === car.vehicle}
          open={() => consoleState.choose({ kind: 'car', id: car.vehicle })}
        >
          {car.plate}
        </RowButton>
        <span class="quiet small under">{car.vehicle}</span>
      </td>
      <td>{car.driver_name ?? '–'}</td>
      <td>
        <StateDot state={car.state ?? 'offline'} /> {wireText('vehicle', car.state ?? 'offline')}
        <span class="quiet small under number">{since}</span>
      </td>
    </tr>
  );
}

function isIn(car: FleetCar, state: string): boolean {
  const now = car.state ?? 'offline';
  return state === '' || (state === IN_SERVICE ? now !== 'offline' && now !== 'out_of_service' : now === state);
}

function isNamed(car: FleetCar, filter: string): boolean {
  const wanted = filter.trim().toLowerCase();
  if (wanted === '') return true;
  const named = [car.plate, car.vehicle, car.driver ?? '', car.driver_name ?? ''];
  return named.some((each) => each.toLowerCase().includes(wanted));
}
