/** An offer, full-screen: what it is about, how long it stands, and one thumb to answer it. */
import { useEffect, useRef } from 'preact/hooks';
import type { OfferView } from '../protocol/messages';
import { Action } from '../ui/controls';
import { distance, minutes } from '../ui/formats';
import { named } from '../ui/words';
import { countdown } from './countdown';
import type { Cab } from './driver_store';
import { placeName } from './navigate_links';
import { apart } from './route';
import { text } from './texts';
import { useTicking } from './ticking';

const RADIUS = 52;
const ROUND = 2 * Math.PI * RADIUS;

function Ring({ share, seconds }: { share: number; seconds: number }) {
  return (
    <div class="ring" role="timer" aria-label={text('offer.left', { seconds })}>
      <svg viewBox="0 0 120 120" aria-hidden="true">
        <circle cx="60" cy="60" r={RADIUS} class="ring-ground" />
        <circle
          cx="60"
          cy="60"
          r={RADIUS}
          class={share < 0.34 ? 'ring-left late' : 'ring-left'}
          stroke-dasharray={ROUND}
          stroke-dashoffset={ROUND * (1 - share)}
        />
      </svg>
      <span class="number" aria-hidden="true">
        {seconds}
      </span>
    </div>
  );
}

function Wishes({ offer }: { offer: OfferView }) {
  const needs = (offer.needs ?? []).map((need) => named('need', need));
  return (
    <ul class="chips">
      <li>{text('offer.passengers', { count: offer.passengers ?? 1 })}</li>
      {needs.length > 0 && <li class="need">{text('offer.needs', { needs: needs.join(', ') })}</li>}
    </ul>
  );
}

function Places({ cab, offer }: { cab: Cab; offer: OfferView }) {
  const here = cab.gps.here.value;
  const meters = here === null ? null : apart([here.lat, here.lng], [offer.pickup.lat, offer.pickup.lng]);
  return (
    <dl class="stops">
      <dt>{text('offer.pickup')}</dt>
      <dd class="big">{placeName(offer.pickup)}</dd>
      <dd class="quiet number">
        {offer.pickup_s > 0 && text('offer.away', { time: minutes(offer.pickup_s) })}
        {meters !== null && ` · ${distance(meters)}`}
      </dd>
      <dt>{text('offer.dropoff')}</dt>
      <dd>{offer.dropoff === undefined ? text('offer.no_dropoff') : placeName(offer.dropoff)}</dd>
    </dl>
  );
}

export function Offer({ cab }: { cab: Cab }) {
  useTicking(100);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const open = cab.duty.value.offer;
  if (open === null) return null;
  const { view, since } = open;
  const left = countdown(since, view.expires_at, cab.link.clock.now());
  return (
    <section class="offer">
      <div class="row spread">
        <h1 ref={title} tabIndex={-1}>
          {text('state.offer')}
        </h1>
        <Ring share={left.share} seconds={left.seconds} />
      </div>
      <Places cab={cab} offer={view} />
      <Wishes offer={view} />
      {view.note && <p class="note">{text('pickup.note', { note: view.note })}</p>}
      <div class="actions">
        <Action kind="main" wide disabled={left.over} act={() => cab.give({ t: 'accept', offer: view.offer })}>
          {text('offer.accept')}
        </Action>
        <Action kind="plain" wide act={() => cab.give({ t: 'decline', offer: view.offer })}>
          {text('offer.decline')}
        </Action>
      </div>
    </section>
  );
}
