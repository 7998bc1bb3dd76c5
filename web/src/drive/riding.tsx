/** With the passenger: the meter as the server counts it, the way, and the end of the ride. */
import { useState } from 'preact/hooks';
import type { MeterView } from '../protocol/messages';
import { Action, Dialog } from '../ui/controls';
import { clockSeconds, distance, money, span } from '../ui/formats';
import type { Cab } from './driver_store';
import { WayPanel } from './route_panel';
import { text } from './texts';

/** It shows what the server has counted and when: between two readings it does not run by itself. */
function Meter({ meter, at }: { meter: MeterView | undefined; at: number | null }) {
  return (
    <section class="meter" aria-label={text('ride.meter')}>
      {meter === undefined ? (
        <p class="quiet">{text('ride.none')}</p>
      ) : (
        <>
          <p class="meter-fare number">{money(meter.fare)}</p>
          <dl class="meter-facts number">
            <div>
              <dt>{text('ride.distance')}</dt>
              <dd>{distance(meter.meters)}</dd>
            </div>
            <div>
              <dt>{text('ride.waiting')}</dt>
              <dd>{span(meter.waiting_s)}</dd>
            </div>
          </dl>
          {at !== null && <p class="meter-at number">{text('ride.as_of', { time: clockSeconds(at) })}</p>}
        </>
      )}
    </section>
  );
}

export function Riding({ cab }: { cab: Cab }) {
  const [ending, setEnding] = useState(false);
  const vehicle = cab.duty.value.vehicle;
  const trip = cab.trip.value;
  const finish = () => cab.give({ t: 'finish', trip: vehicle?.trip ?? '' });
  return (
    <>
      <Meter meter={vehicle?.meter} at={cab.duty.value.readAt} />
      {trip?.dropoff === undefined ? (
        <p class="quiet middle">{text('ride.open_way')}</p>
      ) : (
        <WayPanel cab={cab} target={trip.dropoff} title={text('offer.dropoff')} />
      )}
      <div class="actions">
        <button type="button" class="button main wide" onClick={() => setEnding(true)}>
          {text('ride.finish')}
        </button>
      </div>
      {ending && (
        <Dialog title={text('ride.finish_sure')} onClose={() => setEnding(false)}>
          <p>{text('ride.finish_say')}</p>
          <Action kind="main" wide act={finish}>
            {text('ride.finish')}
          </Action>
        </Dialog>
      )}
    </>
  );
}
