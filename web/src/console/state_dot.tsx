/** A dot in the colour that a state has on the map. */
import { CAR_COLOURS, css } from '../map/car_colours';
import { MAP_STATES } from '../protocol/tables';
import { theme } from '../ui/theme';

export function StateDot({ state }: { state: string }) {
  const place = (MAP_STATES as readonly string[]).indexOf(state);
  return <span class="dot" aria-hidden="true" style={{ background: css(CAR_COLOURS[theme.value][place]) }} />;
}
