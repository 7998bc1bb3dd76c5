/** Before the shift, in the break, and a car that may not drive. */
import { Action } from '../ui/controls';
import type { Cab } from './driver_store';
import { Install } from './install';
import { tune } from './offer_alert';
import { OpenFares } from './open_fares';
import { text } from './texts';

function GoOnline({ cab, label }: { cab: Cab; label: string }) {
  const go = () => {
    tune();
    return cab.give({ t: 'online' });
  };
  return (
    <div class="actions">
      <Action kind="main" wide act={go}>
        {label}
      </Action>
    </div>
  );
}

export function Off({ cab }: { cab: Cab }) {
  return (
    <>
      <div class="calm">
        <img src="/icon.svg" alt="" width="88" height="88" />
        <h1>{text('off.title')}</h1>
        <p class="quiet">{text('off.say')}</p>
        <Install />
      </div>
      <OpenFares cab={cab} />
      <GoOnline cab={cab} label={text('off.start')} />
    </>
  );
}

export function OnBreak({ cab }: { cab: Cab }) {
  return (
    <>
      <div class="calm">
        <h1>{text('state.break')}</h1>
        <p class="quiet">{text('break.say')}</p>
      </div>
      <OpenFares cab={cab} />
      <GoOnline cab={cab} label={text('break.end')} />
    </>
  );
}

export function OutOfService({ cab }: { cab: Cab }) {
  const reason = cab.duty.value.vehicle?.reason || text('out.none');
  return (
    <>
      <div class="calm">
        <h1>{text('state.out')}</h1>
        <p>{text('out.say', { reason })}</p>
      </div>
      <OpenFares cab={cab} />
    </>
  );
}
