/** A car: registry data, driver, shift, trip, last position, offers and events. */
import { useEffect, useState } from 'preact/hooks';
import { SILENT_S } from '../map/fleet';
import type { CauseSpan, OfferDetail, VehicleDetail } from '../protocol/reads';
import { AsyncButton } from '../ui/controls';
import { clockTime, dayAndTime, duration, money } from '../ui/formats';
import { wireText } from '../ui/i18n';
import { placeNameAt } from '../ui/place_search';
import { LoadState } from '../ui/use_loaded';
import { useConsole } from './console_state';
import { text } from './i18n';
import { FactList, Panel, Part } from './panel';
import { StateDot } from './state_dot';
import { TripLink } from './subject_links';
import { causeText } from './texts';
import { Timeline } from './timeline';
import { useDetail } from './use_detail';

export function CarPanel({ vehicle }: { vehicle: string }) {
  const consoleState = useConsole();
  const path = `/v1/vehicles/${encodeURIComponent(vehicle)}`;
  const loaded = useDetail<VehicleDetail>(path, `vehicle:${vehicle}`);
  const detail = loaded.value;
  const state = detail?.view.state ?? 'offline';
  return (
    <Panel
      label={text('car.panel')}
      title={
        <>
          {detail?.car.plate ?? vehicle}
          {detail !== undefined && (
            <span class="mark">
              <StateDot state={state} /> {wireText('vehicle', state)}
            </span>
          )}
        </>
      }
      onClose={() => consoleState.choose(null)}
    >
      {(detail === undefined || loaded.error !== undefined) && <LoadState loaded={loaded} />}
      {detail !== undefined && (
        <>
          <CarFacts detail={detail} />
          <LastFix vehicle={vehicle} />
          <CarActions detail={detail} />
          <Part title={text('car.offers')}>
            <Offers offers={detail.offers ?? []} />
          </Part>
          {(detail.why ?? []).length > 0 && (
            <Part title={text('car.why')}>
              <Causes spans={detail.why ?? []} />
            </Part>
          )}
          <Part title={text('car.timeline')}>
            <Timeline events={detail.timeline ?? []} />
          </Part>
        </>
      )}
    </Panel>
  );
}

function CarFacts({ detail }: { detail: VehicleDetail }) {
  const { car, view } = detail;
  const { store } = useConsole();
  const needs = [car.wheelchair && wireText('need', 'wheelchair'), car.child_seat && wireText('need', 'child_seat')];
  return (
    <FactList
      facts={[
        [text('fact.driver'), [car.driver_name, car.driver].filter(Boolean).join(' · ')],
        [
          text('fact.shift'),
          detail.shift_since === undefined
            ? undefined
            : `${dayAndTime(detail.shift_since)} (${duration(store.now.value - detail.shift_since)})`,
        ],
        [text('fact.trip'), view.trip === undefined ? undefined : <TripLink trip={view.trip} />],
        [text('fact.meter'), view.meter && money(view.meter.fare)],
        [text('fact.reason'), view.reason],
        [text('fact.vehicle'), `${car.vehicle} · ${car.company}`],
        [
          text('fact.class'),
          [wireText('class', car.vehicle_class), text('trip.seats', { seats: car.seats })].join(' · '),
        ],
        [text('fact.needs'), needs.filter(Boolean).join(' · ')],
        [text('fact.active'), car.active === false ? text('car.inactive') : undefined],
      ]}
    />
  );
}

/** The last position, known for cars in view; a button finds other cars on the map. */
function LastFix({ vehicle }: { vehicle: string }) {
  const consoleState = useConsole();
  const { store, feed } = consoleState;
  const [where, setWhere] = useState('');
  void store.now.value;
  const slot = feed.fleet.slotOf(vehicle);
  const map = consoleState.map.value;
  useEffect(() => {
    if (slot === undefined) return;
    const [lng, lat] = feed.fleet.pointOf(slot);
    void placeNameAt(lat, lng, store.token).then(setWhere);
  }, [slot, store, feed]);
  if (slot === undefined) {
    return (
      <div class="row spread">
        <p class="quiet small">{text('car.not_in_view')}</p>
        {map !== null && <AsyncButton onPress={() => map.find(vehicle)}>{text('car.find')}</AsyncButton>}
      </div>
    );
  }
  const ageS = ((Date.now() - feed.fleet.fixTime(slot)) * store.connection.clock.speed) / 1000;
  return (
    <div class="row spread">
      <p class={`small ${ageS > SILENT_S ? 'problem' : 'quiet'}`}>
        {text('car.last_fix', { age: duration(ageS) })}
        {where !== '' && ` · ${where}`}
      </p>
      {map !== null && <AsyncButton onPress={() => map.find(vehicle)}>{text('car.show')}</AsyncButton>}
    </div>
  );
}

function CarActions({ detail }: { detail: VehicleDetail }) {
  const { action, store } = useConsole();
  const { vehicle } = detail.car;
  const out = detail.view.state === 'out_of_service';
  return (
    <div class="actions">
      {detail.view.state === 'idle' && (
        <button
          type="button"
          class="button main"
          aria-keyshortcuts="a"
          onClick={() => {
            action.value = { kind: 'assign', vehicle };
          }}
        >
          {text('action.assign_car')}
        </button>
      )}
      {out ? (
        <AsyncButton onPress={() => store.send({ t: 'put_back', vehicle })}>
          {text('action.return_to_service')}
        </AsyncButton>
      ) : (
        <button
          type="button"
          class="button"
          onClick={() => {
            action.value = { kind: 'take_out', vehicle };
          }}
        >
          {text('action.take_out')}
        </button>
      )}
      <button
        type="button"
        class="button"
        onClick={() => {
          action.value = { kind: 'broadcast', vehicle };
        }}
      >
        {text('action.message')}
      </button>
    </div>
  );
}

function Offers({ offers }: { offers: readonly OfferDetail[] }) {
  if (offers.length === 0) return <p class="quiet small">{text('car.no_offers')}</p>;
  return (
    <table class="fare">
      <tbody>
        {offers.map((offer) => (
          <tr key={offer.offer}>
            <th scope="row" class="number">
              {clockTime(offer.made_at)}
            </th>
            <td class="small">
              {outcomeText(offer.outcome ?? '')}
              {offer.reason && <span class="quiet under">{offer.reason}</span>}
            </td>
            <td class="small">
              <TripLink trip={offer.trip} />
              <span class="quiet under number">{text('car.pickup_in', { span: duration(offer.pickup_s) })}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function outcomeText(outcome: string): string {
  switch (outcome) {
    case 'accepted':
      return text('offer.accepted');
    case 'declined':
      return text('offer.declined');
    case 'expired':
      return text('offer.expired');
    case 'withdrawn':
      return text('offer.withdrawn');
    default:
      return outcome || text('offer.open');
  }
}

function Causes({ spans }: { spans: readonly CauseSpan[] }) {
  return (
    <ul class="plain-list small">
      {spans.map((each) => (
        <li key={`${each.since} ${each.cause}`}>
          <span class="number quiet">
            {clockTime(each.since)}–
            {each.until === undefined || each.until === null ? text('car.now') : clockTime(each.until)}
          </span>{' '}
          {causeText(each.cause)}
          {each.detail && <span class="quiet"> · {each.detail}</span>}
        </li>
      ))}
    </ul>
  );
}
