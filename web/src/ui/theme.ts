/** The theme of the page, light or dark: the user's choice, else the setting of the device. */
import { signal } from '@preact/signals';

export type Theme = 'light' | 'dark';
const KEY = 'taxi.theme';
const device = matchMedia('(prefers-color-scheme: dark)');

function preferred(): Theme {
  const stored = localStorage.getItem(KEY);
  if (stored === 'light' || stored === 'dark') return stored;
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
