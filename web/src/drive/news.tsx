/** The last offer that expired or was withdrawn, or the last trip that was cancelled. */
import type { TripView } from '../protocol/messages';
import type { DriverStore } from './driver_store';
import { text } from './i18n';

function releaseText(trip: TripView | undefined): string {
  const reason = trip?.cancel_reason ?? '';
  if (trip?.cancelled_by === 'passenger') return text('lost.passenger', { reason });
  if (trip?.cancelled_by === 'dispatcher') return text('lost.dispatcher', { reason });
  return text('lost.other');
}

export function News({ store }: { store: DriverStore }) {
  const { missed, lost: released, trips } = store.state.value;
  return (
    <div role="alert">
      {(missed !== null || released !== null) && (
        <div class="card news row spread">
          <div>
            {released !== null && <p>{releaseText(trips[released])}</p>}
            {released === null && missed !== null && (
              <>
                <p>{text(`missed.${missed.outcome}`)}</p>
                {missed.view.pickup.text && (
                  <p class="quiet small">{text('missed.what', { place: missed.view.pickup.text })}</p>
                )}
              </>
            )}
          </div>
          <button type="button" class="button" onClick={() => store.dismissNews()}>
            {text('news.ok')}
          </button>
        </div>
      )}
    </div>
  );
}
