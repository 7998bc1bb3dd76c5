/** Takes a car out of service, with a reason. */
import { useState } from 'preact/hooks';
import { AsyncButton, Dialog, showToast } from '../ui/controls';
import { useConsole } from './console_state';
import { text } from './i18n';
import { ReasonField } from './reason_field';

export function TakeOutOfServiceDialog({ vehicle, close }: { vehicle: string; close: () => void }) {
  const { store } = useConsole();
  const [reason, setReason] = useState('');
  const car = store.fleet.value.get(vehicle)?.plate ?? vehicle;
  const take = async () => {
    await store.send({ t: 'take_out', vehicle, reason: reason.trim() });
    showToast(text('take_out.done', { car }));
    close();
  };
  return (
    <Dialog title={text('take_out.title', { car })} onClose={close}>
      <p class="quiet">{text('take_out.hint')}</p>
      <ReasonField
        reason={reason}
        onReason={setReason}
        usual={[text('take_out.breakdown'), text('take_out.accident'), text('take_out.inspection')]}
      />
      <AsyncButton kind="bad" wide disabled={reason.trim() === ''} onPress={take}>
        {text('action.take_out')}
      </AsyncButton>
    </Dialog>
  );
}
