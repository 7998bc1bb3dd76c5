/** What is done in a dialog over the map. */
import { AlarmDialog } from './alarm_dialog';
import { BroadcastDialog } from './broadcast';
import { CancelDialog } from './cancel_trip';
import { useWorkplace } from './console_state';
import { RefundDialog, SettleDialog } from './fare_actions';
import { HelpDialog } from './help';
import { ReplayDialog } from './replay_dialog';
import { SearchDialog } from './search';
import { TakeOutDialog } from './take_out_of_service';

export function Acting() {
  const { act } = useWorkplace();
  const doing = act.value;
  const close = () => {
    if (act.value === doing) act.value = null;
  };
  switch (doing?.kind) {
    case 'cancel':
      return <CancelDialog trip={doing.trip} close={close} />;
    case 'take_out':
      return <TakeOutDialog vehicle={doing.vehicle} close={close} />;
    case 'refund':
      return <RefundDialog trip={doing.trip} close={close} />;
    case 'settle':
      return <SettleDialog trip={doing.trip} close={close} />;
    case 'broadcast':
      return <BroadcastDialog vehicle={doing.vehicle} close={close} />;
    case 'settle_alarm':
      return <AlarmDialog alarm={doing.alarm} close={close} />;
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
