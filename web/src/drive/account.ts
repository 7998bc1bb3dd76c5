/** The driver's account on this phone, and the values that the phone remembers. */
import { Account, type SignedIn } from '../client/account';
import { request } from '../client/http';

export const account = new Account('taxi.driver');

const LAST = 'taxi.driver.last';

interface LastSignIn {
  number: string;
  vehicle: string;
}

/** The values of the last sign-in, so that only the PIN has to be typed. */
export function lastSignIn(): LastSignIn {
  const stored = localStorage.getItem(LAST);
  return stored === null ? { number: '', vehicle: '' } : (JSON.parse(stored) as LastSignIn);
}

/** Throws `ApiError` or `UnreachableError`. */
export async function signIn(number: string, pin: string, vehicle: string): Promise<void> {
  const signedIn = await request<SignedIn>('/v1/auth/driver', { post: { number, pin, vehicle } });
  localStorage.setItem(LAST, JSON.stringify({ number, vehicle } satisfies LastSignIn));
  account.signIn(signedIn);
}

/** A list of ids in local storage, the newest last and at most `max`. */
export class StoredIds {
  constructor(
    private readonly key: string,
    private readonly max: number,
  ) {}

  all(): string[] {
    const stored = localStorage.getItem(this.key);
    return stored === null ? [] : (JSON.parse(stored) as string[]);
  }

  set(ids: readonly string[]): void {
    localStorage.setItem(this.key, JSON.stringify(ids.slice(-this.max)));
  }
}
