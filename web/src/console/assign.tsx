/** A waiting trip is given to a car by hand: both chosen from lists, or the car on the map. */
import { useEffect, useState } from 'preact/hooks';
import type { Place, TripView } from '../protocol/messages';
import type { FleetCar } from '../protocol/reads';
import { MAP_STATES } from '../protocol/tables';
import { Action, Field, say } from '../ui/controls';
import { distance, span } from '../ui/formats';
import { useWorkplace, type Workplace } from './console_state';
import { Panel } from './panel';
import { text } from './texts';
import { waitedS } from './trip_board';
import { placeWords } from './trip_texts';

const NEAREST = 12;
const IDLE = MAP_STATES.indexOf('idle');

interface Free {
  car: FleetCar;
  meters: number | null;
}

export function AssignPanel(given: { trip?: string; vehicle?: string }) {
  const workplace = useWorkplace();
  const { desk } = workplace;
  const [trip, setTrip] = useState(given.trip ?? '');
  const [vehicle, setVehicle] = useState(given.vehicle ?? '');
  const [words, setWords] = useState('');
  void desk.tripsTurn.value;
  useEffect(() => {
    workplace.pickCar.value = setVehicle;
    desk.readFleet().catch(() => undefined);
    return () => {
      workplace.pickCar.value = null;
    };
  }, [workplace, desk]);
  const waiting = desk.trips.group('waiting').filter((each) => each.state === 'matching' || each.trip === trip);
  const chosen = desk.trips.get(trip);
  const free = freeCars(workplace, chosen?.pickup, words, vehicle);
  const assign = async () => {
    await desk.do({ t: 'assign', trip, vehicle });
    say(text('assign.done', { car: desk.fleet.value.get(vehicle)?.plate ?? vehicle }));
    workplace.choose({ kind: 'trip', id: trip });
  };
  return (
    <Panel
      label={text('act.assign')}
      title={text('assign.title')}
      onClose={() => {
        workplace.act.value = null;
      }}
    >
      <Field label={text('assign.trip')}>
        <select value={trip} onChange={(event) => setTrip(event.currentTarget.value)}>
          <option value="">{text('assign.choose')}</option>
          {waiting.map((each) => (
            <option key={each.trip} value={each.trip}>
              {tripWords(each, desk.now.value)}
            </option>
          ))}
        </select>
      </Field>
      <Field label={text('assign.filter')}>
        <input type="search" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
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
      {workplace.map.value !== null && <p class="quiet small">{text('assign.or_map')}</p>}
      <Action kind="main" wide disabled={trip === '' || vehicle === ''} act={assign}>
        {text('assign.do')}
      </Action>
    </Panel>
  );
}

function tripWords(trip: TripView, now: number): string {
  return `${span(waitedS(trip, now))} · ${placeWords(trip.pickup)}`;
}

/** Free cars, the nearest to the pick-up first where they are in view; and the one that is chosen. */
function freeCars(workplace: Workplace, pickup: Place | undefined, words: string, chosen: string): Free[] {
  const { desk, feed } = workplace;
  const wanted = words.trim().toLowerCase();
  const cars: Free[] = [];
  for (const car of desk.fleet.value.values()) {
    const slot = feed.fleet.slotOf(car.vehicle);
    const idle = slot === undefined ? car.state === 'idle' : feed.fleet.stateOf(slot) === IDLE;
    if (!idle && car.vehicle !== chosen) continue;
    const named = `${car.plate} ${car.vehicle} ${car.driver_name ?? ''}`.toLowerCase();
    if (wanted !== '' && !named.includes(wanted) && car.vehicle !== chosen) continue;
    const meters = slot === undefined || pickup === undefined ? null : metersTo(feed.fleet.pointOf(slot), pickup);
    cars.push({ car, meters });
  }
  const rank = ({ car, meters }: Free) => (car.vehicle === chosen ? -1 : (meters ?? Number.MAX_VALUE));
  return cars.sort((a, b) => rank(a) - rank(b) || a.car.plate.localeCompare(b.car.plate)).slice(0, NEAREST);
}

function metersTo([lng, lat]: [number, number], to: Place): number {
  const shrink = Math.cos((to.lat * Math.PI) / 180);
  return Math.hypot((lng - to.lng) * shrink, lat - to.lat) * 111_195;
}
