/** What an alarm says, and what to do about it. */
import type { Alarm } from '../protocol/messages';
import { factWords } from './fact_texts';
import { text } from './texts';

const KNOWN = ['trip_unserved', 'car_stale_on_trip', 'payment_alarm', 'bill_missing', 'bill_open'] as const;
type Known = (typeof KNOWN)[number];

function known(name: string): name is Known {
  return (KNOWN as readonly string[]).includes(name);
}

export function alarmWords(alarm: Alarm): { title: string; todo: string; details: string } {
  const details = factWords({ facts: alarm.fields });
  if (!known(alarm.name)) return { title: alarm.name, todo: '', details };
  return { title: text(`alarm.${alarm.name}`), todo: text(`alarm.${alarm.name}.todo`), details };
}
