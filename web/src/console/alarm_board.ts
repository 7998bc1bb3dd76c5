/** Alarms, known by their ids: hosts repeat them, and dispatchers settle them. */
import type { Alarm } from '../protocol/messages';

/** The list with `told` in it; the same list where it says nothing new. A settled alarm stays settled. */
export function withAlarm(alarms: readonly Alarm[], told: Alarm): readonly Alarm[] {
  const place = alarms.findIndex((each) => each.alarm === told.alarm);
  if (place < 0) return [told, ...alarms].sort((a, b) => b.at - a.at);
  const known = alarms[place];
  if (known?.settled_by !== undefined || told.settled_by === undefined) return alarms;
  return alarms.map((each) => (each.alarm === told.alarm ? told : each));
}

/** A list that was read, with what the socket had said before it came. */
export function listed(read: readonly Alarm[], known: readonly Alarm[]): readonly Alarm[] {
  return known.reduce(withAlarm, [...read]);
}

export function isWaiting(alarm: Alarm): boolean {
  return alarm.settled_by === undefined;
}

/** What an alarm is about: a trip or a car that can be opened. */
export function subjectOf(alarm: Alarm): { kind: 'trip' | 'car'; id: string } | null {
  const { trip, vehicle } = alarm.fields;
  if (typeof trip === 'string') return { kind: 'trip', id: trip };
  if (typeof vehicle === 'string') return { kind: 'car', id: vehicle };
  return null;
}
