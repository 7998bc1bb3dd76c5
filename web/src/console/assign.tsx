/** Manual assignment: a waiting request and a free car, chosen from lists or on the map. */
import { useEffect, useState } from 'preact/hooks';
import { metersBetween } from '../map/geometry';
import type { Place, TripView } from '../protocol/messages';
import type { FleetCar } from '../protocol/reads';
import { MAP_STATES } from '../protocol/tables';
import { AsyncButton, Field, showToast } from '../ui/controls';
import { distance, duration } from '../ui/formats';
import { type ConsoleState, useConsole } from './console_state';
import { text } from './i18n';
import { Panel } from './panel';
import { placeName } from './texts';
import { waitedS } from './trip_board';

const NEAREST = 12;
const IDLE = MAP_STATES.indexOf('idle');

interface Free {
  car: FleetCar;
  meters: number | null;
}

export function AssignPanel(initial: { trip?: string; vehicle?: string }) {
  const consoleState = useConsole();
  const { store } = consoleState;
  const [trip, setTrip] = useState(initial.trip ?? '');
  const [vehicle, setVehicle] = useState(initial.vehicle ?? '');
  const [filter, setFilter] = useState('');
  void store.tripsVersion.value;
  useEffect(() => {
    consoleState.pickCar.value = setVehicle;
    store.readFleet().catch(() => undefined);
    return () => {
      consoleState.pickCar.value = null;
    };
  }, [consoleState, store]);
  const waiting = store.trips.group('waiting').filter((each) => each.state === 'matching' || each.trip === trip);
  const chosen = store.trips.get(trip);
  const free = freeCars(consoleState, chosen?.pickup, filter, vehicle);
  const assign = async () => {
    await store.send({ t: 'assign', trip, vehicle });
    showToast(text('assign.done', { car: store.fleet.value.get(vehicle)?.plate ?? vehicle }));
    consoleState.choose({ kind: 'trip', id: trip });
  };
  return (
    <Panel
      label={text('action.assign')}
      title={text('assign.title')}
      onClose={() => {
        consoleState.action.value = null;
      }}
    >
      <Field label={text('assign.trip')}>
        <select value={trip} onChange={(event) => setTrip(event.currentTarget.value)}>
          <option value="">{text('assign.choose')}</option>
          {waiting.map((each) => (
            <option key={each.trip} value={each.trip}>
              {tripText(each, store.now.value)}
            </option>
          ))}
        </select>
      </Field>
      <Field label={text('assign.filter')}>
        <input type="search" value={filter} onInput={(event) => setFilter(event.currentTarget.value)} />
      </Field>
      <fieldset class="choice cars">
        <legend>{text('assign.car')}</legend>
        {free.length === 0 && <p class="quiet small">{text('assign.no_cars')}</p>}
        {free.map(({ car, meters }) => (
          <label key={car.vehicle}>
            <input type="radio" name="car" checked={vehicle === car.vehicle} onChange={() => setVehicle(car.vehicle)} />
            <span class="grow">
              {car.plate} <span class="quiet small">{car.driver_name}</span>
            </span>
            <span class="number quiet small">{meters === null ? '' : distance(meters)}</span>
          </label>
        ))}
      </fieldset>
      {consoleState.map.value !== null && <p class="quiet small">{text('assign.or_map')}</p>}
      <AsyncButton kind="main" wide disabled={trip === '' || vehicle === ''} onPress={assign}>
        {text('assign.do')}
      </AsyncButton>
    </Panel>
  );
}

function tripText(trip: TripView, now: number): string {
  return `${duration(waitedS(trip, now))} · ${placeName(trip.pickup)}`;
}

/** Free cars, the nearest to the pick-up first if they are in view, and always the chosen car. */
function freeCars(consoleState: ConsoleState, pickup: Place | undefined, filter: string, chosen: string): Free[] {
  const { store, feed } = consoleState;
  const wanted = filter.trim().toLowerCase();
  const cars: Free[] = [];
  for (const car of store.fleet.value.values()) {
    const slot = feed.fleet.slotOf(car.vehicle);
    const idle = slot === undefined ? car.state === 'idle' : feed.fleet.stateOf(slot) === IDLE;
    if (!idle && car.vehicle !== chosen) continue;
    const named = `${car.plate} ${car.vehicle} ${car.driver_name ?? ''}`.toLowerCase();
    if (wanted !== '' && !named.includes(wanted) && car.vehicle !== chosen) continue;
    const [lng, lat] = slot === undefined ? [] : feed.fleet.pointOf(slot);
    const known = lng !== undefined && lat !== undefined && pickup !== undefined;
    const meters = known ? metersBetween({ lat, lng }, pickup) : null;
    cars.push({ car, meters });
  }
  const rank = ({ car, meters }: Free) => (car.vehicle === chosen ? -1 : (meters ?? Number.MAX_VALUE));
  return cars.sort((a, b) => rank(a) - rank(b) || a.car.plate.localeCompare(b.car.plate)).slice(0, NEAREST);
}
