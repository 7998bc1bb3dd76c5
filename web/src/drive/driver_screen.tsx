/** The screen of a signed-in driver: the state of the car, problems, and the next step. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ConnectionBanner } from '../ui/controls';
import { commonText } from '../ui/i18n';
import { account } from './account';
import { Banners } from './banners';
import type { DriverStore } from './driver_store';
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
import { type Sheet, TopBar } from './top_bar';

const SCENES: Record<Scene, (props: { store: DriverStore }) => JSX.Element | null> = {
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
  return <p class="quiet middle">{commonText('loading')}</p>;
}

export function DriverScreen({ store, onUseHere }: { store: DriverStore; onUseHere: () => void }) {
  const [sheet, setSheet] = useState<Sheet | null>(null);
  const scene = store.scene.value;
  const Content = SCENES[scene];
  const close = () => setSheet(null);
  // An offer closes the open sheet, because it expires.
  useEffect(() => {
    if (scene === 'offer') setSheet(null);
  }, [scene]);
  return (
    <div class={`work scene-${scene}`}>
      <TopBar store={store} open={setSheet} />
      {store.problem.value !== 'offline' && (
        <ConnectionBanner connection={store.connection} onSignIn={() => account.signOut()} onUseHere={onUseHere} />
      )}
      <Banners store={store} />
      <main class="scene" data-scene={scene}>
        <Content store={store} key={scene} />
      </main>
      {scene !== 'offer' && <NewNotice store={store} />}
      {sheet === 'earnings' && <Earnings store={store} onClose={close} />}
      {sheet === 'notices' && <Notices store={store} onClose={close} />}
      {sheet === 'menu' && <Menu store={store} onClose={close} />}
    </div>
  );
}
