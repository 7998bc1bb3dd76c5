/** The panel beside the map: an action that needs the map, else the chosen car or trip. */
import { AssignPanel } from './assign';
import { BookingPanel } from './booking';
import { CarPanel } from './car_panel';
import { useConsole } from './console_state';
import { TripPanel } from './trip_panel';

export function SidePanel() {
  const { action, store } = useConsole();
  const current = action.value;
  if (current?.kind === 'book') return <BookingPanel />;
  if (current?.kind === 'assign') return <AssignPanel key={`${current.trip} ${current.vehicle}`} {...current} />;
  const chosen = store.chosen.value;
  if (chosen === null) return null;
  return chosen.kind === 'car' ? (
    <CarPanel key={chosen.id} vehicle={chosen.id} />
  ) : (
    <TripPanel key={chosen.id} trip={chosen.id} />
  );
}
