/** An offer on the whole screen: its places, its countdown, and the buttons to answer it. */
import { useEffect, useRef } from 'preact/hooks';
import { metersBetween } from '../map/geometry';
import type { OfferView } from '../protocol/messages';
import { AsyncButton } from '../ui/controls';
import { CountdownRing, timeLeft, useCityTime } from '../ui/countdown';
import { distance, minutes } from '../ui/formats';
import { wireText } from '../ui/i18n';
import { placeText } from '../ui/place_search';
import type { DriverStore } from './driver_store';
import { text } from './i18n';

function Requirements({ offer }: { offer: OfferView }) {
  const needs = (offer.needs ?? []).map((need) => wireText('need', need));
  return (
    <ul class="chips">
      <li>{text('offer.passengers', { count: offer.passengers ?? 1 })}</li>
      {needs.length > 0 && <li class="need">{text('offer.needs', { needs: needs.join(', ') })}</li>}
    </ul>
  );
}

function Places({ store, offer }: { store: DriverStore; offer: OfferView }) {
  const here = store.gps.here.value;
  return (
    <dl class="stops">
      <dt>{text('offer.pickup')}</dt>
      <dd class="big">{placeText(offer.pickup)}</dd>
      <dd class="quiet number">
        {offer.pickup_s > 0 && text('offer.away', { time: minutes(offer.pickup_s) })}
        {here !== null && ` · ${distance(metersBetween(here, offer.pickup))}`}
      </dd>
      <dt>{text('offer.dropoff')}</dt>
      <dd>{offer.dropoff === undefined ? text('offer.no_dropoff') : placeText(offer.dropoff)}</dd>
    </dl>
  );
}

export function Offer({ store }: { store: DriverStore }) {
  const now = useCityTime(store.connection.clock, 100);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const open = store.state.value.offer;
  if (open === null) return null;
  const { view, since } = open;
  const left = timeLeft(since, view.expires_at, now);
  return (
    <section class="offer">
      <div class="row spread">
        <h1 ref={title} tabIndex={-1}>
          {text('state.offer')}
        </h1>
        <CountdownRing left={left} label={text('offer.left', { seconds: left.seconds })} />
      </div>
      <Places store={store} offer={view} />
      <Requirements offer={view} />
      {view.note && <p class="note">{text('pickup.note', { note: view.note })}</p>}
      <div class="actions">
        <AsyncButton
          kind="main"
          wide
          disabled={left.isOver}
          onPress={() => store.send({ t: 'accept', offer: view.offer })}
        >
          {text('offer.accept')}
        </AsyncButton>
        <AsyncButton kind="plain" wide onPress={() => store.send({ t: 'decline', offer: view.offer })}>
          {text('offer.decline')}
        </AsyncButton>
      </div>
    </section>
  );
}
