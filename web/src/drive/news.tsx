/** What has just ended without this driver: an offer that is gone, a ride that was cancelled. */
import type { TripView } from '../protocol/messages';
import type { Cab } from './driver_store';
import { text } from './texts';

function lost(trip: TripView | undefined): string {
  const reason = trip?.cancel_reason ?? '';
  if (trip?.cancelled_by === 'passenger') return text('lost.passenger', { reason });
  if (trip?.cancelled_by === 'dispatcher') return text('lost.dispatcher', { reason });
  return text('lost.other');
}

export function News({ cab }: { cab: Cab }) {
  const { missed, lost: gone, trips } = cab.duty.value;
  return (
    <div role="alert">
      {(missed !== null || gone !== null) && (
        <div class="card news row spread">
          <div>
            {gone !== null && <p>{lost(trips[gone])}</p>}
            {gone === null && missed !== null && (
              <>
                <p>{text(`missed.${missed.outcome}`)}</p>
                {missed.view.pickup.text && (
                  <p class="quiet small">{text('missed.what', { place: missed.view.pickup.text })}</p>
                )}
              </>
            )}
          </div>
          <button type="button" class="button" onClick={() => cab.heardNews()}>
            {text('news.ok')}
          </button>
        </div>
      )}
    </div>
  );
}
