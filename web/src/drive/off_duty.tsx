/** Off shift, on a break, or with a car that is out of service. */
import { AsyncButton } from '../ui/controls';
import type { DriverStore } from './driver_store';
import { text } from './i18n';
import { Install } from './install';
import { unlockAudio } from './offer_alert';
import { OpenFares } from './open_fares';

function GoOnline({ store, label }: { store: DriverStore; label: string }) {
  const go = () => {
    unlockAudio();
    return store.send({ t: 'online' });
  };
  return (
    <div class="actions">
      <AsyncButton kind="main" wide onPress={go}>
        {label}
      </AsyncButton>
    </div>
  );
}

export function Off({ store }: { store: DriverStore }) {
  return (
    <>
      <div class="calm">
        <img src="/icon.svg" alt="" width="88" height="88" />
        <h1>{text('off.title')}</h1>
        <p class="quiet">{text('off.hint')}</p>
        <Install />
      </div>
      <OpenFares store={store} />
      <GoOnline store={store} label={text('off.start')} />
    </>
  );
}

export function OnBreak({ store }: { store: DriverStore }) {
  return (
    <>
      <div class="calm">
        <h1>{text('state.break')}</h1>
        <p class="quiet">{text('break.hint')}</p>
      </div>
      <OpenFares store={store} />
      <GoOnline store={store} label={text('break.end')} />
    </>
  );
}

export function OutOfService({ store }: { store: DriverStore }) {
  const reason = store.state.value.vehicle?.reason || text('out.none');
  return (
    <>
      <div class="calm">
        <h1>{text('state.out')}</h1>
        <p>{text('out.hint', { reason })}</p>
      </div>
      <OpenFares store={store} />
    </>
  );
}
