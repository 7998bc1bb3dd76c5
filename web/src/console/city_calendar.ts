/** Hours of the city's calendar, as people type them, and Unix seconds. */

/** Seconds by which the zone is ahead of UTC at a moment. */
function aheadS(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at * 1000);
  const part = (name: string) => Number(parts.find((each) => each.type === name)?.value);
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return Math.round(local / 1000 - at);
}

/** Unix seconds of a `datetime-local` value (`2026-03-01T18:30`) in the city's zone; NaN where it is none. */
export function fromLocal(text: string, zone: string): number {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return Number.NaN;
  const asUtc = Date.parse(`${text.slice(0, 16)}:00Z`) / 1000;
  if (Number.isNaN(asUtc)) return Number.NaN;
  const first = asUtc - aheadS(asUtc, zone);
  return asUtc - aheadS(first, zone);
}

/** A moment as a `datetime-local` value in the city's zone. */
export function toLocal(at: number, zone: string): string {
  return new Date((at + aheadS(at, zone)) * 1000).toISOString().slice(0, 16);
}
