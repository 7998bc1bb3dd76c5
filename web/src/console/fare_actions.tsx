/** Giving a fare back, or settling it outside of the system. Both need a permission; who has none is told so. */
import { useState } from 'preact/hooks';
import { Refusal } from '../client/http';
import type { MoneyView } from '../protocol/messages';
import { Action, Dialog, Field, say } from '../ui/controls';
import { money } from '../ui/formats';
import { useWorkplace } from './console_state';
import { ReasonField } from './reason_field';
import { text } from './texts';

const NOT_ALLOWED = 2002;

function orNotPermitted(error: unknown): never {
  if (error instanceof Refusal && error.code === NOT_ALLOWED) {
    throw new Refusal(error.code, text('fare.not_permitted'), false);
  }
  throw error;
}

export function RefundDialog({ trip, close }: { trip: string; close: () => void }) {
  const { desk } = useWorkplace();
  const [reason, setReason] = useState('');
  const [part, setPart] = useState('');
  const total = desk.trips.get(trip)?.fare?.total;
  const amount = total === undefined ? null : minorOf(part, total);
  const refund = async () => {
    const some = amount === null ? {} : { amount: amount.minor, currency: amount.currency };
    await desk.do({ t: 'refund', trip, reason: reason.trim(), ...some }).catch(orNotPermitted);
    say(text('refund.done'));
    close();
  };
  return (
    <Dialog title={text('refund.title')} onClose={close}>
      {total !== undefined && <p class="quiet">{text('refund.paid', { amount: money(total) })}</p>}
      <Field label={text('refund.amount')}>
        <input inputMode="decimal" value={part} onInput={(event) => setPart(event.currentTarget.value)} />
      </Field>
      <ReasonField
        reason={reason}
        onReason={setReason}
        usual={[text('refund.complaint'), text('refund.wrong_fare'), text('refund.paid_twice')]}
      />
      <Action kind="bad" wide disabled={reason.trim() === '' || (part.trim() !== '' && amount === null)} act={refund}>
        {text(amount === null ? 'refund.all' : 'refund.some', { amount: amount === null ? '' : money(amount) })}
      </Action>
    </Dialog>
  );
}

/** What was typed, in minor units of the fare's currency; null where nothing or nonsense was. */
export function minorOf(typed: string, fare: MoneyView): MoneyView | null {
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency: fare.currency }).resolvedOptions();
  const words = typed.trim().replace(',', '.');
  if (!/^\d{1,7}(\.\d{1,3})?$/.test(words)) return null;
  const minor = Math.round(Number(words) * 10 ** (digits.maximumFractionDigits ?? 2));
  return minor > 0 ? { minor, currency: fare.currency } : null;
}

export function SettleDialog({ trip, close }: { trip: string; close: () => void }) {
  const { desk } = useWorkplace();
  const [reason, setReason] = useState('');
  const settle = async () => {
    await desk.do({ t: 'settle', trip, reason: reason.trim() }).catch(orNotPermitted);
    say(text('settle.done'));
    close();
  };
  return (
    <Dialog title={text('settle.title')} onClose={close}>
      <p class="quiet">{text('settle.what')}</p>
      <ReasonField reason={reason} onReason={setReason} usual={[text('settle.office'), text('settle.written_off')]} />
      <Action kind="bad" wide disabled={reason.trim() === ''} act={settle}>
        {text('act.settle')}
      </Action>
    </Dialog>
  );
}
