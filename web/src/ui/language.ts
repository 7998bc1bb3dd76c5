/** Chinese or English: chosen by the person, else by the browser. Each app brings its texts as one typed catalogue. */
import { computed, signal } from '@preact/signals';

export type Language = 'en' | 'zh';
const KEY = 'taxi.language';

function preferred(): Language {
  const kept = localStorage.getItem(KEY);
  if (kept === 'en' || kept === 'zh') return kept;
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

/**
 * The texts of an app. `en` names the keys; `zh` has to have the same. `{name}` is filled in as text.
 */
export function catalogue<K extends string>(en: Record<K, string>, zh: Record<K, string>) {
  return (key: K, values: Values = {}): string => {
    const text = (language.value === 'zh' ? zh : en)[key];
    return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
  };
}
