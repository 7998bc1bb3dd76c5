/** What is open beside the map: an act that needs the map, else the chosen car or trip. */
import { AssignPanel } from './assign';
import { BookingPanel } from './booking';
import { CarPanel } from './car_panel';
import { useWorkplace } from './console_state';
import { TripPanel } from './trip_panel';

export function Beside() {
  const { act, desk } = useWorkplace();
  const doing = act.value;
  if (doing?.kind === 'book') return <BookingPanel />;
  if (doing?.kind === 'assign') return <AssignPanel key={`${doing.trip} ${doing.vehicle}`} {...doing} />;
  const chosen = desk.chosen.value;
  if (chosen === null) return null;
  return chosen.kind === 'car' ? (
    <CarPanel key={chosen.id} vehicle={chosen.id} />
  ) : (
    <TripPanel key={chosen.id} trip={chosen.id} />
  );
}
