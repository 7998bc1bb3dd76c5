/** Conversion between city time (Unix seconds) and the local time of the city, as `datetime-local` inputs use it. */

/** A city time as `2026-11-22T18:05` in the time zone of the city. */
export function toLocalText(at: number, zone: string): string {
  const parts = formatIn(zone).formatToParts(at * 1000);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '00';
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The format of a time zone, cached because creating one is slow. */
function formatIn(zone: string): Intl.DateTimeFormat {
  const cached = formats.get(zone);
  if (cached !== undefined) return cached;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(zone, format);
  return format;
}

/** The city time of a local time, null for an invalid text. An hour that summer time skips maps to the next hour. */
export function fromLocalText(text: string, zone: string): number | null {
  const asUtc = Date.parse(`${text}:00Z`) / 1000;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(text) || Number.isNaN(asUtc)) return null;
  const offset = (at: number) => Date.parse(`${toLocalText(at, zone)}:00Z`) / 1000 - at;
  const guess = asUtc - offset(asUtc);
  return asUtc - offset(guess);
}

/** The next full five minutes at least an hour after `now`. */
export function inAnHour(now: number): number {
  return Math.ceil((now + 3600) / 300) * 300;
}
