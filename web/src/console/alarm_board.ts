/** Alarms by their ids: hosts repeat them, and dispatchers settle them. */
import type { Alarm } from '../protocol/messages';

/** The list with an alarm added or settled; the same list if nothing changes. A settled alarm stays settled. */
export function withAlarm(alarms: readonly Alarm[], alarm: Alarm): readonly Alarm[] {
  const known = alarms.find((each) => each.alarm === alarm.alarm);
  if (known === undefined) return [alarm, ...alarms].sort((a, b) => b.at - a.at);
  if (known.settled_by !== undefined || alarm.settled_by === undefined) return alarms;
  return alarms.map((each) => (each.alarm === alarm.alarm ? alarm : each));
}

/** A list that was read, merged with the alarms that arrived before. */
export function mergedAlarms(read: readonly Alarm[], known: readonly Alarm[]): readonly Alarm[] {
  return known.reduce(withAlarm, [...read]);
}

export function isUnsettled(alarm: Alarm): boolean {
  return alarm.settled_by === undefined;
}

/** The trip or car of an alarm; null if it has none. */
export function subjectOf(alarm: Alarm): { kind: 'trip' | 'car'; id: string } | null {
  const { trip, vehicle } = alarm.fields;
  if (typeof trip === 'string') return { kind: 'trip', id: trip };
  if (typeof vehicle === 'string') return { kind: 'car', id: vehicle };
  return null;
}
