/** Money, times, durations and distances in the chosen language and the time zone of the city. */
import { signal } from '@preact/signals';
import type { MoneyView } from '../protocol/messages';
import { locale } from './i18n/language';

export const cityZone = signal('UTC');

/** An amount in the minor units of its currency (ISO 4217). */
export function money(amount: MoneyView): string {
  const format = new Intl.NumberFormat(locale.value, { style: 'currency', currency: amount.currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount.minor / 10 ** digits);
}

function inCity(at: number, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(locale.value, { ...options, timeZone: cityZone.value }).format(at * 1000);
}

/** Hour and minute of a city time (Unix seconds). */
export function clockTime(at: number): string {
  return inCity(at, { hour: '2-digit', minute: '2-digit' });
}

export function clockSeconds(at: number): string {
  return inCity(at, { timeStyle: 'medium' });
}

export function dayAndTime(at: number): string {
  return inCity(at, { month: 'short', day: 'numeric', weekday: 'short', hour: '2-digit', minute: '2-digit' });
}

/** `45 s`, `3:20`, `1:02:05`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (h > 0) return `${h}:${String(m).padStart(2, '0')}:${String(s).padStart(2, '0')}`;
  if (m > 0) return `${m}:${String(s).padStart(2, '0')}`;
  return unit(s, 'second');
}

export function minutes(seconds: number): string {
  return unit(Math.max(1, Math.round(seconds / 60)), 'minute');
}

/** Whole hours, or minutes below two hours. */
export function longDuration(seconds: number): string {
  return seconds < 7200 ? minutes(seconds) : unit(Math.floor(seconds / 3600), 'hour', 0, 'long');
}

export function distance(meters: number): string {
  return meters < 950 ? unit(Math.round(meters / 10) * 10, 'meter') : unit(meters / 1000, 'kilometer', 1);
}

function unit(value: number, name: string, digits = 0, unitDisplay: 'short' | 'long' = 'short'): string {
  const options = { style: 'unit', unit: name, unitDisplay, maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat(locale.value, options).format(value);
}
