/** A free car, which waits for an offer or a street hail. */
import { useState } from 'preact/hooks';
import { AsyncButton, Dialog } from '../ui/controls';
import type { DriverStore } from './driver_store';
import { text } from './i18n';
import { News } from './news';
import { OpenFares } from './open_fares';

export function Free({ store }: { store: DriverStore }) {
  const [ending, setEnding] = useState(false);
  return (
    <>
      <News store={store} />
      <div class="calm">
        <div class="radar" aria-hidden="true">
          <i />
          <i />
          <i />
        </div>
        <h1>{text('free.title')}</h1>
        <p class="quiet">{text('free.hint')}</p>
      </div>
      <OpenFares store={store} />
      <div class="actions">
        <AsyncButton kind="main" wide onPress={() => store.send({ t: 'hail' })}>
          {text('free.hail')}
        </AsyncButton>
        <div class="pair">
          <AsyncButton onPress={() => store.send({ t: 'break' })}>{text('free.break')}</AsyncButton>
          <button type="button" class="button" onClick={() => setEnding(true)}>
            {text('free.end')}
          </button>
        </div>
      </div>
      {ending && (
        <Dialog title={text('free.end_confirm')} onClose={() => setEnding(false)}>
          <p>{text('free.end_hint')}</p>
          <AsyncButton kind="bad" wide onPress={() => store.send({ t: 'offline' })}>
            {text('free.end')}
          </AsyncButton>
        </Dialog>
      )}
    </>
  );
}
