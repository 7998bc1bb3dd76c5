/** Amounts of money as users type them. */

/** `12`, `12.5` or `12,50` in minor units of a currency; null for an invalid amount or zero. */
export function minorUnits(typed: string, currency: string): number | null {
  const digits = digitsOf(currency);
  const match = /^(\d{1,7})(?:[.,](\d*))?$/.exec(typed.trim());
  if (match === null) return null;
  const [, whole = '0', part = ''] = match;
  if (part.length > digits) return null;
  const minor = Number(whole) * 10 ** digits + Number(part.padEnd(digits, '0') || 0);
  return minor > 0 ? minor : null;
}

/** The number of decimal digits of a currency (ISO 4217). */
export function digitsOf(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}
