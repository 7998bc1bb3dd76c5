/** Light or dark: as the device has it, or as the person chose. */
import { signal } from '@preact/signals';

export type Theme = 'light' | 'dark';
const KEY = 'taxi.theme';
const device = matchMedia('(prefers-color-scheme: dark)');

function preferred(): Theme {
  const kept = localStorage.getItem(KEY);
  if (kept === 'light' || kept === 'dark') return kept;
  return device.matches ? 'dark' : 'light';
}

export const theme = signal<Theme>(preferred());

theme.subscribe((chosen) => {
  document.documentElement.dataset.theme = chosen;
});

device.addEventListener('change', () => {
  if (localStorage.getItem(KEY) === null) theme.value = preferred();
});

export function chooseTheme(chosen: Theme): void {
  localStorage.setItem(KEY, chosen);
  theme.value = chosen;
}
