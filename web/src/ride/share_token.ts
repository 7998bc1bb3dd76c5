/** The claims of a share link's token. They are used for display only; the server verifies the token. */
export interface ShareToken {
  trip: string;
  /** Wall time, Unix seconds. */
  expiresAt: number;
}

/** Null if it is not a share token. */
export function readShareToken(token: string): ShareToken | null {
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
