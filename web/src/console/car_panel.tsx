/** A car: what the registry knows, its driver and shift, its trip, where it was last heard, and what it was offered. */
import { useEffect, useState } from 'preact/hooks';
import { SILENT_S } from '../map/fleet';
import type { CauseSpan, OfferDetail, PlaceList, VehicleDetail } from '../protocol/reads';
import { Action } from '../ui/controls';
import { clockTime, dayAndTime, money, span } from '../ui/formats';
import { named } from '../ui/words';
import { causeWords } from './cause_texts';
import { useWorkplace } from './console_state';
import { FactList, Panel, Part } from './panel';
import { StateDot } from './state_dot';
import { TripLink } from './subject_links';
import { text } from './texts';
import { Timeline } from './timeline';
import { Problem } from './trip_panel';
import { placeWords } from './trip_texts';
import { useStory } from './use_detail';

export function CarPanel({ vehicle }: { vehicle: string }) {
  const workplace = useWorkplace();
  const path = `/v1/vehicles/${encodeURIComponent(vehicle)}`;
  const { story, problem, again } = useStory<VehicleDetail>(path, `vehicle:${vehicle}`);
  const state = story?.view.state ?? 'offline';
  return (
    <Panel
      label={text('car.panel')}
      title={
        <>
          {story?.car.plate ?? vehicle}
          {story !== null && (
            <span class="mark">
              <StateDot state={state} /> {named('vehicle', state)}
            </span>
          )}
        </>
      }
      onClose={() => workplace.choose(null)}
    >
      {problem !== null && <Problem problem={problem} again={again} />}
      {story === null && problem === null && (
        <p class="quiet" aria-busy="true">
          {text('loading')}
        </p>
      )}
      {story !== null && (
        <>
          <CarFacts story={story} />
          <LastFix vehicle={vehicle} />
          <CarActs story={story} />
          <Part title={text('car.offers')}>
            <Offers offers={story.offers ?? []} />
          </Part>
          {(story.why ?? []).length > 0 && (
            <Part title={text('car.why')}>
              <Causes spans={story.why ?? []} />
            </Part>
          )}
          <Part title={text('car.timeline')}>
            <Timeline happenings={story.timeline ?? []} />
          </Part>
        </>
      )}
    </Panel>
  );
}

function CarFacts({ story }: { story: VehicleDetail }) {
  const { car, view } = story;
  const { desk } = useWorkplace();
  const needs = [car.wheelchair && named('need', 'wheelchair'), car.child_seat && named('need', 'child_seat')];
  return (
    <FactList
      facts={[
        [text('fact.driver'), [car.driver_name, car.driver].filter(Boolean).join(' · ')],
        [
          text('fact.shift'),
          story.shift_since === undefined
            ? undefined
            : `${dayAndTime(story.shift_since)} (${span(desk.now.value - story.shift_since)})`,
        ],
        [text('fact.trip'), view.trip === undefined ? undefined : <TripLink trip={view.trip} />],
        [text('fact.meter'), view.meter && money(view.meter.fare)],
        [text('fact.reason'), view.reason],
        [text('fact.vehicle'), `${car.vehicle} · ${car.company}`],
        [text('fact.class'), [named('class', car.vehicle_class), text('trip.seats', { seats: car.seats })].join(' · ')],
        [text('fact.needs'), needs.filter(Boolean).join(' · ')],
        [text('fact.active'), car.active === false ? text('car.inactive') : undefined],
      ]}
    />
  );
}

/** Where the car was last heard: from the cars in view; one elsewhere is looked for on the map. */
function LastFix({ vehicle }: { vehicle: string }) {
  const workplace = useWorkplace();
  const { desk, feed } = workplace;
  const [where, setWhere] = useState('');
  void desk.now.value;
  const slot = feed.fleet.slotOf(vehicle);
  const map = workplace.map.value;
  useEffect(() => {
    if (slot === undefined) return;
    const [lng, lat] = feed.fleet.pointOf(slot);
    desk.post<PlaceList>('/v1/places/at', { lat, lng }).then(
      ({ places }) => setWhere(placeWords(places[0])),
      () => undefined,
    );
  }, [slot, desk, feed]);
  if (slot === undefined) {
    return (
      <div class="row spread">
        <p class="quiet small">{text('car.not_in_view')}</p>
        {map !== null && <Action act={() => map.find(vehicle)}>{text('car.find')}</Action>}
      </div>
    );
  }
  const ageS = ((Date.now() - feed.fleet.toldAt(slot)) * desk.link.clock.speed) / 1000;
  return (
    <div class="row spread">
      <p class={`small ${ageS > SILENT_S ? 'problem' : 'quiet'}`}>
        {text('car.last_fix', { age: span(ageS) })}
        {where !== '' && ` · ${where}`}
      </p>
      {map !== null && <Action act={() => map.find(vehicle)}>{text('car.show')}</Action>}
    </div>
  );
}

function CarActs({ story }: { story: VehicleDetail }) {
  const { act, desk } = useWorkplace();
  const { vehicle } = story.car;
  const out = story.view.state === 'out_of_service';
  return (
    <div class="acts">
      {story.view.state === 'idle' && (
        <button
          type="button"
          class="button main"
          aria-keyshortcuts="a"
          onClick={() => {
            act.value = { kind: 'assign', vehicle };
          }}
        >
          {text('act.assign_car')}
        </button>
      )}
      {out ? (
        <Action act={() => desk.do({ t: 'put_back', vehicle })}>{text('act.put_back')}</Action>
      ) : (
        <button
          type="button"
          class="button"
          onClick={() => {
            act.value = { kind: 'take_out', vehicle };
          }}
        >
          {text('act.take_out')}
        </button>
      )}
      <button
        type="button"
        class="button"
        onClick={() => {
          act.value = { kind: 'broadcast', vehicle };
        }}
      >
        {text('act.message')}
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
              {outcomeWords(offer.outcome ?? '')}
              {offer.reason && <span class="quiet under">{offer.reason}</span>}
            </td>
            <td class="small">
              <TripLink trip={offer.trip} />
              <span class="quiet under number">{text('car.pickup_in', { span: span(offer.pickup_s) })}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function outcomeWords(outcome: string): string {
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
          {causeWords(each.cause)}
          {each.detail && <span class="quiet"> · {each.detail}</span>}
        </li>
      ))}
    </ul>
  );
}
