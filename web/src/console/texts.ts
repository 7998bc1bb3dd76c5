/** The console's words in the language chosen. */
import { catalogue } from '../ui/language';
import { en } from './words_en';
import { zh } from './words_zh';

export const text = catalogue(en, zh);
