/** How much of what a fare line counts, in the language chosen; units as the tariffs name them. */
import type { FareLineView } from '../protocol/messages';
import { language } from './language';

const UNITS_ZH: Record<string, string> = {
  '1/5 mile': '1/5 英里',
  km: '公里',
  'km beyond 15 km': '公里（15 公里以上）',
  'minute of waiting': '分钟等候',
  '4 minutes of waiting': '次 4 分钟等候',
};

/** `2 × 1/5 mile`; empty for lines that count nothing. */
export function quantityWords({ kind, quantity, unit = '' }: FareLineView): string {
  const zh = language.value === 'zh';
  if (kind === 'distance' || kind === 'waiting') {
    return `${Math.round(quantity * 100) / 100} × ${zh ? (UNITS_ZH[unit] ?? unit) : unit}`;
  }
  if (kind === 'night') return zh ? `行程的 ${Math.round(quantity)}%` : `${Math.round(quantity)}% of the ride`;
  return '';
}
