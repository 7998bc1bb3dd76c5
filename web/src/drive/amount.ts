/** An amount as a driver types it. */

/** Whole minor units of `12`, `12.5`, `12,50`; null where it is no amount, or nothing. `digits`: of the currency. */
export function minorUnits(typed: string, digits: number): number | null {
  const read = /^(\d{1,7})(?:[.,](\d*))?$/.exec(typed.trim());
  if (read === null) return null;
  const [, whole = '0', part = ''] = read;
  if (part.length > digits) return null;
  const minor = Number(whole) * 10 ** digits + Number(part.padEnd(digits, '0') || 0);
  return minor > 0 ? minor : null;
}

export function digitsOf(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}
