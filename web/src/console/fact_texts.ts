/** The facts of events and alarms as text: names, and the values that are words of the protocol. */
import type { Alarm } from '../protocol/messages';
import type { TimelineEvent } from '../protocol/reads';
import { dayAndTime, distance, duration, money } from '../ui/formats';
import { wireText } from '../ui/i18n';
import { factName, factValue, text } from './i18n';
import { actorText, methodText, paymentStateText, placeName } from './texts';

/** Facts that are left out: technical, or shown elsewhere. */
const HIDDEN = new Set([
  'trip_seq',
  'offer',
  'expires_at',
  'lines',
  'profile',
  'meter',
  'eta_at',
  'passenger',
  'fix_n',
  'asked_by',
  'subject',
  'currency',
]);
/** Facts that are left out if they have this usual value. */
const USUAL: Readonly<Record<string, unknown>> = { vehicle_class: 'standard', seats: 1, n: 1 };

/** The facts of an event in one line. */
export function factText({ facts }: Pick<TimelineEvent, 'facts'>): string {
  return Object.entries(facts ?? {})
    .filter(([name, value]) => isShown(name, value))
    .map(([name, value]) => (value === true ? nameText(name) : `${nameText(name)}: ${valueText(name, value)}`))
    .join(' · ');
}

function isShown(name: string, value: unknown): boolean {
  return !HIDDEN.has(name) && value !== null && value !== false && value !== '' && USUAL[name] !== value;
}

function nameText(name: string): string {
  return factName(name) ?? name.replaceAll('_', ' ');
}

function valueText(name: string, value: unknown): string {
  if (typeof value === 'number') return numberText(name, value);
  if (typeof value === 'string') return factValue(`${name}.${value}`) ?? wordText(name, value);
  if (Array.isArray(value)) return value.map((each) => valueText(name, each)).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  if ('minor' in value && 'currency' in value) return money(value as { minor: number; currency: string });
  if ('lat' in value && 'lng' in value) return placeName(value as { lat: number; lng: number; text?: string });
  return Object.entries(value)
    .map(([inner, each]) => `${nameText(inner)} ${valueText(inner, each)}`)
    .join(' ');
}

function numberText(name: string, value: number): string {
  if (name === 'meters') return distance(value);
  if (name === 'pickup_at') return dayAndTime(value);
  if (name.endsWith('_s')) return duration(value);
  return String(Math.round(value * 10) / 10);
}

function wordText(name: string, value: string): string {
  switch (name) {
    case 'by':
      return actorText(value);
    case 'method':
      return methodText(value);
    case 'state':
      return paymentStateText(value);
    case 'vehicle_class':
      return wireText('class', value);
    case 'needs':
      return wireText('need', value);
    default:
      return value;
  }
}

const ALARMS = ['trip_unserved', 'car_stale_on_trip', 'payment_alarm', 'bill_missing', 'bill_open'] as const;

/** The title of an alarm, the advice what to do, and its facts. */
export function alarmText(alarm: Alarm): { title: string; advice: string; details: string } {
  const details = factText({ facts: alarm.fields });
  const known = ALARMS.find((name) => name === alarm.name);
  if (known === undefined) return { title: alarm.name, advice: '', details };
  return { title: text(`alarm.${known}`), advice: text(`alarm.${known}.todo`), details };
}
