/** Who drives which car on this phone. */

import { Account, type SignedIn } from '../client/account';
import { ask } from '../client/http';

export const account = new Account('taxi.driver');

const LAST = 'taxi.driver.last';

export interface Last {
  number: string;
  vehicle: string;
}

/** What was typed last, so that only the PIN is left to type. */
export function lastSignIn(): Last {
  const kept = localStorage.getItem(LAST);
  return kept === null ? { number: '', vehicle: '' } : (JSON.parse(kept) as Last);
}

/** Throws `Refusal` or `Unreachable`. */
export async function signIn(number: string, pin: string, vehicle: string): Promise<void> {
  const entered = await ask<SignedIn>('/v1/auth/driver', { post: { number, pin, vehicle } });
  localStorage.setItem(LAST, JSON.stringify({ number, vehicle } satisfies Last));
  account.enter(entered);
}

/** A list of names that this phone remembers, the newest last and at most `most`. */
export class Remembered {
  constructor(
    private readonly key: string,
    private readonly most: number,
  ) {}

  all(): string[] {
    const kept = localStorage.getItem(this.key);
    return kept === null ? [] : (JSON.parse(kept) as string[]);
  }

  set(names: readonly string[]): void {
    localStorage.setItem(this.key, JSON.stringify(names.slice(-this.most)));
  }
}
