/** The ride: the meter, the route and the end of the ride. */
import { useState } from 'preact/hooks';
import type { MeterView } from '../protocol/messages';
import { AsyncButton, Dialog } from '../ui/controls';
import { clockSeconds, distance, duration, money } from '../ui/formats';
import type { DriverStore } from './driver_store';
import { text } from './i18n';
import { RoutePanel } from './route_panel';

/** The last reading of the server and its time; between two readings the meter does not run by itself. */
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
              <dd>{duration(meter.waiting_s)}</dd>
            </div>
          </dl>
          {at !== null && <p class="meter-at number">{text('ride.as_of', { time: clockSeconds(at) })}</p>}
        </>
      )}
    </section>
  );
}

export function Riding({ store }: { store: DriverStore }) {
  const [ending, setEnding] = useState(false);
  const vehicle = store.state.value.vehicle;
  const trip = store.trip.value;
  const finish = () => store.send({ t: 'finish', trip: vehicle?.trip ?? '' });
  return (
    <>
      <Meter meter={vehicle?.meter} at={store.state.value.readAt} />
      {trip?.dropoff === undefined ? (
        <p class="quiet middle">{text('ride.no_dropoff')}</p>
      ) : (
        <RoutePanel store={store} target={trip.dropoff} title={text('offer.dropoff')} />
      )}
      <div class="actions">
        <button type="button" class="button main wide" onClick={() => setEnding(true)}>
          {text('ride.finish')}
        </button>
      </div>
      {ending && (
        <Dialog title={text('ride.finish_confirm')} onClose={() => setEnding(false)}>
          <p>{text('ride.finish_hint')}</p>
          <AsyncButton kind="main" wide onPress={finish}>
            {text('ride.finish')}
          </AsyncButton>
        </Dialog>
      )}
    </>
  );
}
