/** The language of the page, Chinese or English: the user's choice, else the browser's preference. */
import { computed, signal } from '@preact/signals';

export type Language = 'en' | 'zh';
const KEY = 'taxi.language';

function preferred(): Language {
  const stored = localStorage.getItem(KEY);
  if (stored === 'en' || stored === 'zh') return stored;
  return navigator.languages.some((each) => each.toLowerCase().startsWith('zh')) &&
    !navigator.languages[0]?.toLowerCase().startsWith('en')
    ? 'zh'
    : 'en';
}

export const language = signal<Language>(preferred());
export const locale = computed(() => (language.value === 'zh' ? 'zh-CN' : 'en-US'));

language.subscribe((chosen) => {
  document.documentElement.lang = chosen === 'zh' ? 'zh-CN' : 'en';
});

export function chooseLanguage(chosen: Language): void {
  localStorage.setItem(KEY, chosen);
  language.value = chosen;
}

type Values = Record<string, string | number>;

/** A function that returns the text of a key in the current language, with `{name}` replaced by the given values. */
export function catalogue<K extends string>(en: Record<K, string>, zh: Record<K, string>) {
  return (key: K, values: Values = {}): string => {
    const text = (language.value === 'zh' ? zh : en)[key];
    return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
  };
}
