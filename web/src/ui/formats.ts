/** Money, times and distances as people read them, in the language chosen and in the city's time zone. */
import { signal } from '@preact/signals';
import type { MoneyView } from '../protocol/messages';
import { locale } from './language';

export const cityZone = signal('UTC');

/** `minor` units are hundredths but where the currency has none (ISO 4217). */
export function money(amount: MoneyView): string {
  const format = new Intl.NumberFormat(locale.value, { style: 'currency', currency: amount.currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount.minor / 10 ** digits);
}

/** The hour and minute of a city time (Unix seconds). */
export function clockTime(at: number): string {
  return new Intl.DateTimeFormat(locale.value, { hour: '2-digit', minute: '2-digit', timeZone: cityZone.value }).format(
    at * 1000,
  );
}

export function clockSeconds(at: number): string {
  return new Intl.DateTimeFormat(locale.value, { timeStyle: 'medium', timeZone: cityZone.value }).format(at * 1000);
}

export function dayAndTime(at: number): string {
  return new Intl.DateTimeFormat(locale.value, {
    month: 'short',
    day: 'numeric',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: cityZone.value,
  }).format(at * 1000);
}

/** `45 s`, `3:20`, `1:02:05`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (h > 0) return `${h}:${String(m).padStart(2, '0')}:${String(s).padStart(2, '0')}`;
  if (m > 0) return `${m}:${String(s).padStart(2, '0')}`;
  return unit(s, 'second');
}

export function minutes(seconds: number): string {
  return unit(Math.max(1, Math.round(seconds / 60)), 'minute');
}

export function distance(meters: number): string {
  return meters < 950 ? unit(Math.round(meters / 10) * 10, 'meter') : unit(meters / 1000, 'kilometer', 1);
}

function unit(value: number, name: string, digits = 0): string {
  const options = { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat(locale.value, options).format(value);
}
