/** Language, theme, sound, what waits on this phone, and the way out. */
import { useState } from 'preact/hooks';
import { Dialog, Preferences } from '../ui/controls';
import { word } from '../ui/words';
import { account } from './account';
import type { Cab } from './driver_store';
import { Install } from './install';
import { chime, tune } from './offer_alert';
import { text } from './texts';

function Leave() {
  const [sure, setSure] = useState(false);
  if (!sure) {
    return (
      <button type="button" class="button wide" onClick={() => setSure(true)}>
        {word('action.sign_out')}
      </button>
    );
  }
  return (
    <>
      <p>{text('menu.leave_sure')}</p>
      <button type="button" class="button bad wide" onClick={() => account.leave()}>
        {word('action.sign_out')}
      </button>
    </>
  );
}

export function Menu({ cab, onClose }: { cab: Cab; onClose: () => void }) {
  const { subject, vehicle } = cab.signedIn;
  const sound = () => {
    tune();
    chime();
  };
  return (
    <Dialog title={text('menu.title')} onClose={onClose}>
      <p>{text('menu.who', { driver: subject, vehicle: vehicle ?? '' })}</p>
      <Preferences />
      <button type="button" class="button wide" onClick={sound}>
        {text('menu.sound')}
      </button>
      <p class="quiet small number">{text('menu.kept', { count: cab.positions.waiting.value })}</p>
      <p class="quiet small">{text('menu.about')}</p>
      <Install />
      <Leave />
    </Dialog>
  );
}
