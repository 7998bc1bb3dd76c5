/** Fare lines in words: the title by kind, the detail as the tariff's own text or its Chinese. */
import { language } from '../shell/language';
import type { FareLineView } from '../wire/messages';
import { isText, text } from './text';

const UNITS_ZH: Record<string, string> = {
  '1/5 mile': '1/5 英里',
  km: '公里',
  'km beyond 15 km': '公里（15 公里以上）',
  'minute of waiting': '分钟等候',
  '4 minutes of waiting': '次 4 分钟等候',
};

/** Kinds whose line in the fare says everything by its title. */
const PLAIN = new Set(['taximeter', 'typed', 'cancellation', 'no_show']);

export function lineTitle(line: FareLineView): string {
  const key = `line_${line.kind}`;
  return isText(key) ? text(key) : line.text;
}

export function lineDetail(line: FareLineView): string {
  if (language.value === 'en') return PLAIN.has(line.kind) && line.kind !== 'cancellation' ? '' : line.text;
  if (line.kind === 'distance' || line.kind === 'waiting')
    return `${line.quantity} × ${UNITS_ZH[line.unit] ?? line.unit}`;
  return line.kind === 'night' ? `行程的 ${Math.round(line.quantity)}%` : '';
}
