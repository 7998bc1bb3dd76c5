/** Positions on their way to the server: numbered, kept, sent, and forgotten when the server calls them safe. */
import { signal } from '@preact/signals';
import type { Link } from '../client/connection';
import { type FixStore, openFixStore } from './fix_store';
import { onWire, type Position, UnheardFixes } from './unacked_fixes';

export class Positions {
  /** How many wait to be heard. */
  readonly waiting = signal(0);
  /** How many were sent since the server last called any safe, and since when (`Date.now()`). */
  readonly sentUnheard = signal(0);
  heardMs = Date.now();
  private unheard: UnheardFixes | null = null;
  private readonly early: Position[] = [];
  private readonly store: FixStore;

  constructor(
    vehicle: string,
    private readonly link: Link,
  ) {
    this.store = openFixStore(vehicle);
    void this.store.load().then((kept) => {
      this.unheard = new UnheardFixes(Date.now(), kept);
      for (const position of this.early.splice(0)) this.add(position);
      this.sendAll();
    });
  }

  add(position: Position): void {
    if (this.unheard === null) {
      this.early.push(position);
      return;
    }
    const fix = this.unheard.add(position);
    this.store.put(fix);
    this.waiting.value = this.unheard.count;
    if (this.link.fix({ t: 'fix', fix: onWire(fix, this.cityTime) })) this.sentUnheard.value += 1;
  }

  /** On a new connection, and whenever the server has begun anew: what was not heard goes first, and in order. */
  sendAll(): void {
    if (this.unheard === null) return;
    for (const fixes of this.unheard.batches(this.cityTime)) this.link.fix({ t: 'fixes', fixes });
    this.waiting.value = this.unheard.count;
  }

  welcomed(): void {
    this.heardMs = Date.now();
    this.sentUnheard.value = 0;
    this.sendAll();
  }

  heard(n: number): void {
    if (this.unheard === null) return;
    const again = this.unheard.hear(n);
    this.store.drop(n);
    this.heardMs = Date.now();
    this.sentUnheard.value = 0;
    this.waiting.value = this.unheard.count;
    if (again) this.sendAll();
  }

  /** Never of the future: where the phone's clock was set back, what it noted before is of now. */
  private readonly cityTime = (phoneTime: number): number =>
    Math.min(this.link.clock.at(phoneTime), this.link.clock.now());
}
