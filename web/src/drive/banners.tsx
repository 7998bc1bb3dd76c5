/** Problems with the upload of positions, and how to solve them. */
import { duration } from '../ui/formats';
import { commonText } from '../ui/i18n';
import type { DriverStore } from './driver_store';
import { text } from './i18n';
import { awayMs } from './wake_lock';

export function Banners({ store }: { store: DriverStore }) {
  const problem = store.problem.value;
  const away = awayMs.value;
  const connection = store.connection.state.value;
  const hasEnded = connection === 'replaced' || connection === 'signed_out';
  return (
    <div role="alert" class="banners">
      {problem !== null && !hasEnded && (
        <div class={`banner ${problem === 'offline' ? '' : 'bad'}`} data-problem={problem}>
          {text(`problem.${problem}`, { count: store.positions.pending.value })}
        </div>
      )}
      {away !== null && (
        <div class="banner" data-problem="away">
          <span>{text('problem.away', { time: duration(away / 1000) })}</span>
          <button
            type="button"
            class="button small"
            onClick={() => {
              awayMs.value = null;
            }}
          >
            {commonText('action.close')}
          </button>
        </div>
      )}
    </div>
  );
}
