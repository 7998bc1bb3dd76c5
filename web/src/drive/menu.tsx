/** The menu: language, theme, sound, pending positions and signing out. */
import { useState } from 'preact/hooks';
import { Dialog, Preferences } from '../ui/controls';
import { commonText } from '../ui/i18n';
import { account } from './account';
import type { DriverStore } from './driver_store';
import { text } from './i18n';
import { Install } from './install';
import { playPaymentSound, unlockAudio } from './offer_alert';

function SignOut() {
  const [sure, setSure] = useState(false);
  if (!sure) {
    return (
      <button type="button" class="button wide" onClick={() => setSure(true)}>
        {commonText('action.sign_out')}
      </button>
    );
  }
  return (
    <>
      <p>{text('menu.sign_out_confirm')}</p>
      <button type="button" class="button bad wide" onClick={() => account.signOut()}>
        {commonText('action.sign_out')}
      </button>
    </>
  );
}

export function Menu({ store, onClose }: { store: DriverStore; onClose: () => void }) {
  const { subject, vehicle } = store.signedIn;
  const sound = () => {
    unlockAudio();
    playPaymentSound();
  };
  return (
    <Dialog title={text('menu.title')} onClose={onClose}>
      <p>{text('menu.account', { driver: subject, vehicle: vehicle ?? '' })}</p>
      <Preferences />
      <button type="button" class="button wide" onClick={sound}>
        {text('menu.sound')}
      </button>
      <p class="quiet small number">{text('menu.pending', { count: store.positions.pending.value })}</p>
      <p class="quiet small">{text('menu.about')}</p>
      <Install />
      <SignOut />
    </Dialog>
  );
}
