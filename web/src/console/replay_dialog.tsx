/** Which past hour shall be played. */
import { useState } from 'preact/hooks';
import { Dialog, Field } from '../ui/controls';
import { cityZone } from '../ui/formats';
import { fromLocal, toLocal } from './city_calendar';
import { useWorkplace } from './console_state';
import { ReplayDesk } from './replay_player';
import { text } from './texts';

const STEP_S = 300;

export function ReplayDialog({ close }: { close: () => void }) {
  const workplace = useWorkplace();
  const { desk } = workplace;
  const now = desk.link.clock.now();
  const earliest = Math.floor((now - 3600) / STEP_S) * STEP_S;
  const [when, setWhen] = useState(toLocal(earliest, cityZone.value));
  const begin = fromLocal(when, cityZone.value);
  const wrong = Number.isNaN(begin) || begin >= now;
  const open = (event: Event) => {
    event.preventDefault();
    if (wrong) return;
    workplace.toNow();
    workplace.replay.value = new ReplayDesk(desk, begin);
    workplace.side.value = 'map';
    close();
  };
  return (
    <Dialog title={text('start.replay')} onClose={close}>
      <form class="stack" onSubmit={open}>
        <p class="quiet">{text('replay.what')}</p>
        <Field label={text('replay.begin', { zone: cityZone.value })}>
          <input
            type="datetime-local"
            required
            value={when}
            max={toLocal(now, cityZone.value)}
            onInput={(event) => setWhen(event.currentTarget.value)}
          />
        </Field>
        {wrong && <p class="problem small">{text('replay.not_past')}</p>}
        <button type="submit" class="button main wide" disabled={wrong}>
          {text('replay.open')}
        </button>
      </form>
    </Dialog>
  );
}
