/** A free car: waiting for an offer, or for somebody on the street. */
import { useState } from 'preact/hooks';
import { Action, Dialog } from '../ui/controls';
import type { Cab } from './driver_store';
import { News } from './news';
import { OpenFares } from './open_fares';
import { text } from './texts';

export function Free({ cab }: { cab: Cab }) {
  const [ending, setEnding] = useState(false);
  return (
    <>
      <News cab={cab} />
      <div class="calm">
        <div class="radar" aria-hidden="true">
          <i />
          <i />
          <i />
        </div>
        <h1>{text('free.title')}</h1>
        <p class="quiet">{text('free.say')}</p>
      </div>
      <OpenFares cab={cab} />
      <div class="actions">
        <Action kind="main" wide act={() => cab.give({ t: 'hail' })}>
          {text('free.hail')}
        </Action>
        <div class="pair">
          <Action act={() => cab.give({ t: 'break' })}>{text('free.break')}</Action>
          <button type="button" class="button" onClick={() => setEnding(true)}>
            {text('free.end')}
          </button>
        </div>
      </div>
      {ending && (
        <Dialog title={text('free.end_sure')} onClose={() => setEnding(false)}>
          <p>{text('free.end_say')}</p>
          <Action kind="bad" wide act={() => cab.give({ t: 'offline' })}>
            {text('free.end')}
          </Action>
        </Dialog>
      )}
    </>
  );
}
