/** Fare lines in words: the title by kind, the detail as the tariff's own text or its Chinese. */

import type { FareLineView } from '../protocol/messages';
import { quantityWords } from '../ui/fare_units';
import { language } from '../ui/language';
import { isText, text } from './text';

/** Kinds whose line in the fare says everything by its title. */
const PLAIN = new Set(['taximeter', 'typed', 'cancellation', 'no_show']);

export function lineTitle(line: FareLineView): string {
  const key = `line_${line.kind}`;
  return isText(key) ? text(key) : line.text;
}

export function lineDetail(line: FareLineView): string {
  if (language.value === 'en') return PLAIN.has(line.kind) && line.kind !== 'cancellation' ? '' : line.text;
  return quantityWords(line);
}
