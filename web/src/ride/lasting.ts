/** How long something holds, in whole hours, or minutes where it is less than two. */
import { minutes } from '../ui/formats';
import { locale } from '../ui/language';

export function lasting(seconds: number): string {
  if (seconds < 7200) return minutes(seconds);
  const format = new Intl.NumberFormat(locale.value, { style: 'unit', unit: 'hour', unitDisplay: 'long' });
  return format.format(Math.floor(seconds / 3600));
}
