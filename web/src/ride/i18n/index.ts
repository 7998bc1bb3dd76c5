/** The texts of the passenger's page in the current language. */
import { catalogue } from '../../ui/i18n/language';
import { en } from './en';
import { zh } from './zh';

export const text = catalogue(en, zh);
