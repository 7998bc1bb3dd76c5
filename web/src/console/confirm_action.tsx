/** The dialog of the action in progress, over the map. */
import { AlarmDialog } from './alarm_dialog';
import { BroadcastDialog } from './broadcast';
import { CancelDialog } from './cancel_trip';
import { useConsole } from './console_state';
import { RefundDialog, SettleDialog } from './fare_actions';
import { HelpDialog } from './help';
import { ReplayDialog } from './replay_dialog';
import { SearchDialog } from './search';
import { TakeOutOfServiceDialog } from './take_out_of_service';

export function ConfirmAction() {
  const { action } = useConsole();
  const current = action.value;
  const close = () => {
    if (action.value === current) action.value = null;
  };
  switch (current?.kind) {
    case 'cancel':
      return <CancelDialog trip={current.trip} close={close} />;
    case 'take_out':
      return <TakeOutOfServiceDialog vehicle={current.vehicle} close={close} />;
    case 'refund':
      return <RefundDialog trip={current.trip} close={close} />;
    case 'settle':
      return <SettleDialog trip={current.trip} close={close} />;
    case 'broadcast':
      return <BroadcastDialog vehicle={current.vehicle} close={close} />;
    case 'settle_alarm':
      return <AlarmDialog alarm={current.alarm} close={close} />;
    case 'search':
      return <SearchDialog close={close} />;
    case 'replay':
      return <ReplayDialog close={close} />;
    case 'help':
      return <HelpDialog close={close} />;
    default:
      return null;
  }
}
