/** The texts of the driver's app in the current language. */
import { catalogue } from '../../ui/i18n/language';
import { en } from './en';
import { zh } from './zh';

export const text = catalogue(en, zh);

/** The name of a payment method; an unknown method is returned unchanged. */
export function methodText(method: string): string {
  const key = `method.${method === '' ? 'none' : method}`;
  return key in en ? text(key as keyof typeof en) : method;
}
