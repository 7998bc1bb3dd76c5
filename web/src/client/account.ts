/** The account that is signed in on this device, one for each app. The token is kept in local storage, never in a URL. */
import { signal } from '@preact/signals';

export interface SignedIn {
  token: string;
  /** Wall time, Unix seconds. */
  expires_at: number;
  role: string;
  subject: string;
  vehicle?: string;
}

export class Account {
  readonly signedIn = signal<SignedIn | null>(null);

  constructor(private readonly key: string) {
    const stored = localStorage.getItem(key);
    const account = stored === null ? null : (JSON.parse(stored) as SignedIn);
    if (account !== null && account.expires_at * 1000 > Date.now()) this.signedIn.value = account;
  }

  signIn(account: SignedIn): void {
    localStorage.setItem(this.key, JSON.stringify(account));
    this.signedIn.value = account;
  }

  signOut(): void {
    localStorage.removeItem(this.key);
    this.signedIn.value = null;
  }
}
