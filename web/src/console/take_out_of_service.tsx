/** A car is taken out of service, with the reason. */
import { useState } from 'preact/hooks';
import { Action, Dialog, say } from '../ui/controls';
import { useWorkplace } from './console_state';
import { ReasonField } from './reason_field';
import { text } from './texts';

export function TakeOutDialog({ vehicle, close }: { vehicle: string; close: () => void }) {
  const { desk } = useWorkplace();
  const [reason, setReason] = useState('');
  const car = desk.fleet.value.get(vehicle)?.plate ?? vehicle;
  const take = async () => {
    await desk.do({ t: 'take_out', vehicle, reason: reason.trim() });
    say(text('take_out.done', { car }));
    close();
  };
  return (
    <Dialog title={text('take_out.title', { car })} onClose={close}>
      <p class="quiet">{text('take_out.what')}</p>
      <ReasonField
        reason={reason}
        onReason={setReason}
        usual={[text('take_out.breakdown'), text('take_out.accident'), text('take_out.inspection')]}
      />
      <Action kind="bad" wide disabled={reason.trim() === ''} act={take}>
        {text('act.take_out')}
      </Action>
    </Dialog>
  );
}
