/** Chooses the past hour to replay. */
import { useState } from 'preact/hooks';
import { fromLocalText, toLocalText } from '../ui/city_time';
import { Dialog, Field } from '../ui/controls';
import { cityZone } from '../ui/formats';
import { useConsole } from './console_state';
import { text } from './i18n';
import { ReplayPlayer } from './replay_player';

const STEP_S = 300;

export function ReplayDialog({ close }: { close: () => void }) {
  const consoleState = useConsole();
  const { store } = consoleState;
  const now = store.connection.clock.now();
  const earliest = Math.floor((now - 3600) / STEP_S) * STEP_S;
  const [when, setWhen] = useState(toLocalText(earliest, cityZone.value));
  const begin = fromLocalText(when, cityZone.value);
  const isValid = begin !== null && begin < now;
  const open = (event: Event) => {
    event.preventDefault();
    if (!isValid) return;
    consoleState.closeReplay();
    consoleState.replay.value = new ReplayPlayer(store, begin);
    consoleState.side.value = 'map';
    close();
  };
  return (
    <Dialog title={text('start.replay')} onClose={close}>
      <form class="stack" onSubmit={open}>
        <p class="quiet">{text('replay.hint')}</p>
        <Field label={text('replay.begin', { zone: cityZone.value })}>
          <input
            type="datetime-local"
            required
            value={when}
            max={toLocalText(now, cityZone.value)}
            onInput={(event) => setWhen(event.currentTarget.value)}
          />
        </Field>
        {!isValid && <p class="problem small">{text('replay.not_past')}</p>}
        <button type="submit" class="button main wide" disabled={!isValid}>
          {text('replay.open')}
        </button>
      </form>
    </Dialog>
  );
}
