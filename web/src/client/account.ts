/** Who is signed in on this device, for each app. The token stands in this origin's storage and in no address. */
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
    const kept = localStorage.getItem(key);
    const read = kept === null ? null : (JSON.parse(kept) as SignedIn);
    if (read !== null && read.expires_at * 1000 > Date.now()) this.signedIn.value = read;
  }

  enter(signedIn: SignedIn): void {
    localStorage.setItem(this.key, JSON.stringify(signedIn));
    this.signedIn.value = signedIn;
  }

  leave(): void {
    localStorage.removeItem(this.key);
    this.signedIn.value = null;
  }
}
