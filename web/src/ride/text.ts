/** The passenger's page in words. */
import { catalogue } from '../ui/language';
import { en } from './words_en';
import { zh } from './words_zh';

export const text = catalogue(en, zh);
export type Text = keyof typeof en;

export function isText(key: string): key is Text {
  return key in en;
}
