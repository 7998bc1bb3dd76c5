/** What a share link's token says of itself. It is believed for what is shown only: the server checks it. */
export interface SharedToken {
  trip: string;
  /** Wall time, Unix seconds. */
  expiresAt: number;
}

/** Null where it is no token of ours. */
export function readToken(token: string): SharedToken | null {
  try {
    const payload = token.split('.')[1] ?? '';
    const claims = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))) as Record<string, unknown>;
    const { sub, exp, role } = claims;
    if (typeof sub !== 'string' || typeof exp !== 'number' || role !== 'guest') return null;
    return { trip: sub, expiresAt: exp };
  } catch {
    return null;
  }
}
