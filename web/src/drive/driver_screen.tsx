/** The screen of a driver at work: how the car stands, what is in the way, and the one thing to do now. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { LinkBanner } from '../ui/controls';
import { account } from './account';
import { Banners } from './banners';
import type { Cab } from './driver_store';
import { Earnings } from './earnings';
import { Fare } from './fare';
import { Free } from './free';
import { Menu } from './menu';
import { NewNotice, Notices } from './notices';
import { Off, OnBreak, OutOfService } from './off_duty';
import { Offer } from './offer';
import { ToPickup, Waiting } from './pickup';
import type { Scene } from './reducer';
import { Riding } from './riding';
import { text } from './texts';
import { type Sheet, TopBar } from './top_bar';

const SCENES: Record<Scene, (props: { cab: Cab }) => JSX.Element | null> = {
  loading: Loading,
  off: Off,
  break: OnBreak,
  out: OutOfService,
  free: Free,
  offer: Offer,
  to_pickup: ToPickup,
  waiting: Waiting,
  ride: Riding,
  fare: Fare,
};

function Loading() {
  return <p class="quiet middle">{text('state.loading')}</p>;
}

export function Work({ cab, onUseHere }: { cab: Cab; onUseHere: () => void }) {
  const [sheet, setSheet] = useState<Sheet | null>(null);
  const scene = cab.scene.value;
  const Shown = SCENES[scene];
  const close = () => setSheet(null);
  // An offer does not wait behind a sheet.
  useEffect(() => {
    if (scene === 'offer') setSheet(null);
  }, [scene]);
  return (
    <div class={`work scene-${scene}`}>
      <TopBar cab={cab} open={setSheet} />
      {cab.trouble.value !== 'offline' && (
        <LinkBanner link={cab.link} onSignIn={() => account.leave()} onUseHere={onUseHere} />
      )}
      <Banners cab={cab} />
      <main class="scene" data-scene={scene}>
        <Shown cab={cab} key={scene} />
      </main>
      {scene !== 'offer' && <NewNotice cab={cab} />}
      {sheet === 'earnings' && <Earnings cab={cab} onClose={close} />}
      {sheet === 'notices' && <Notices cab={cab} onClose={close} />}
      {sheet === 'menu' && <Menu cab={cab} onClose={close} />}
    </div>
  );
}
