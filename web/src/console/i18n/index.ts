/** The texts of the console in the current language. */
import { catalogue } from '../../ui/i18n/language';
import * as en from './en';
import * as zh from './zh';

export const text = catalogue(en.texts, zh.texts);

/** A function that returns the text for a name of the protocol, undefined for an unknown name. */
function names<K extends string>(english: Record<K, string>, chinese: Record<K, string>) {
  const textOf = catalogue(english, chinese);
  return (name: string): string | undefined => (name in english ? textOf(name as K) : undefined);
}

export const eventName = names(en.events, zh.events);
export const factName = names(en.factNames, zh.factNames);
export const factValue = names(en.factValues, zh.factValues);
export const valueName = names(en.values, zh.values);
export const causeName = names(en.causes, zh.causes);
