/** Date and time as a form shows them, in the city's time zone, whatever the phone's is. */

/** `2026-11-22T18:05`, as `datetime-local` wants it, of a city time (Unix seconds). */
export function toLocalText(at: number, zone: string): string {
  const parts = formatIn(zone).formatToParts(at * 1000);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '00';
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Made once for each zone, because making one takes long. */
function formatIn(zone: string): Intl.DateTimeFormat {
  const kept = formats.get(zone);
  if (kept !== undefined) return kept;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(zone, made);
  return made;
}

/** The city time of such a text, null where it is none. In the hour that summer time skips, the hour after it. */
export function fromLocalText(text: string, zone: string): number | null {
  const asUtc = Date.parse(`${text}:00Z`) / 1000;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) || Number.isNaN(asUtc)) return null;
  const offset = (at: number) => Date.parse(`${toLocalText(at, zone)}:00Z`) / 1000 - at;
  const guess = asUtc - offset(asUtc);
  return asUtc - offset(guess);
}

/** The next full five minutes an hour from `now`. */
export function inAnHour(now: number): number {
  return Math.ceil((now + 3600) / 300) * 300;
}
