/** The colour that a state has on the map. */
import { CAR_COLOURS, css } from '../map/car_colours';
import { theme } from '../shell/theme';
import { MAP_STATES } from '../wire/tables';

export function StateDot({ state }: { state: string }) {
  const place = (MAP_STATES as readonly string[]).indexOf(state);
  return <span class="dot" aria-hidden="true" style={{ background: css(CAR_COLOURS[theme.value][place]) }} />;
}
