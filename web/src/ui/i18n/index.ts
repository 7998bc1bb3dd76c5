/** The texts that all apps share: wire names, errors, the connection. */
import { ApiError } from '../../client/http';
import { en } from './en';
import { ERRORS_ZH } from './errors_zh';
import { catalogue, language } from './language';
import { zh } from './zh';

export const commonText = catalogue(en, zh);
type Key = keyof typeof en;

/** The text for a name of the protocol; an unknown name is returned unchanged. */
export function wireText(kind: 'vehicle' | 'trip' | 'class' | 'need', name: string): string {
  const key = `${kind}.${name}`;
  return key in en ? commonText(key as Key) : name;
}

/** The title of a fare line; for an unknown kind, the text of the tariff. */
export function fareLineText({ kind, text }: { kind: string; text: string }): string {
  const key = `line.${kind}`;
  return key in en ? commonText(key as Key) : text || kind;
}

/** The message for an error that a command or an HTTP request threw. */
export function errorText(error: unknown): string {
  return error instanceof ApiError ? numberedErrorText(error.code, error.message) : commonText('error.unreachable');
}

/** The message for a numbered error; `text` is its English text. */
export function numberedErrorText(code: number, text: string): string {
  const translated = language.value === 'zh' ? ERRORS_ZH[String(code) as keyof typeof ERRORS_ZH] : undefined;
  return commonText('error.number', { text: translated ?? text, code });
}
