/** Why the server may not hear this car, and what to do about it. */
import { span } from '../ui/formats';
import { word } from '../ui/words';
import type { Cab } from './driver_store';
import { text } from './texts';
import { awayMs } from './wake_lock';

export function Banners({ cab }: { cab: Cab }) {
  const trouble = cab.trouble.value;
  const away = awayMs.value;
  const ownLoss = cab.link.state.value === 'replaced' || cab.link.state.value === 'signed_out';
  return (
    <div role="alert" class="banners">
      {trouble !== null && !ownLoss && (
        <div class={`banner ${trouble === 'offline' ? '' : 'bad'}`} data-trouble={trouble}>
          {text(`trouble.${trouble}`, { count: cab.positions.waiting.value })}
        </div>
      )}
      {away !== null && (
        <div class="banner" data-trouble="away">
          <span>{text('trouble.away', { time: span(away / 1000) })}</span>
          <button
            type="button"
            class="button small"
            onClick={() => {
              awayMs.value = null;
            }}
          >
            {word('action.close')}
          </button>
        </div>
      )}
    </div>
  );
}
