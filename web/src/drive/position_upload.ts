/** Numbers, stores and sends the positions of the phone, and drops them when the server has acknowledged them. */
import { signal } from '@preact/signals';
import type { Connection } from '../client/connection';
import { type FixStore, openFixStore } from './fix_store';
import { type Position, toWire, UnackedFixes } from './unacked_fixes';

export class PositionUpload {
  /** Number of positions without acknowledgement. */
  readonly pending = signal(0);
  /** Number of positions sent since the last acknowledgement, and its time (`Date.now()`). */
  readonly sentUnacked = signal(0);
  ackedMs = Date.now();
  private unacked: UnackedFixes | null = null;
  /** Positions from before the store was loaded. */
  private readonly early: Position[] = [];
  private readonly store: FixStore;

  constructor(
    vehicle: string,
    private readonly connection: Connection,
  ) {
    this.store = openFixStore(vehicle);
    void this.store.load().then((stored) => {
      this.unacked = new UnackedFixes(Date.now(), stored);
      for (const position of this.early.splice(0)) this.add(position);
      this.sendAll();
    });
  }

  add(position: Position): void {
    if (this.unacked === null) {
      this.early.push(position);
      return;
    }
    const fix = this.unacked.add(position);
    this.store.put(fix);
    this.pending.value = this.unacked.count;
    if (this.connection.fix({ t: 'fix', fix: toWire(fix, this.cityTime) })) this.sentUnacked.value += 1;
  }

  reconnected(): void {
    this.ackedMs = Date.now();
    this.sentUnacked.value = 0;
    this.sendAll();
  }

  acknowledged(n: number): void {
    if (this.unacked === null) return;
    const sendAgain = this.unacked.acknowledge(n);
    this.store.drop(n);
    this.ackedMs = Date.now();
    this.sentUnacked.value = 0;
    this.pending.value = this.unacked.count;
    if (sendAgain) this.sendAll();
  }

  /** Sends everything unacknowledged, in order: on a new connection, and after a restart of the vehicle's host. */
  private sendAll(): void {
    if (this.unacked === null) return;
    for (const fixes of this.unacked.batches(this.cityTime)) this.connection.fix({ t: 'fixes', fixes });
    this.pending.value = this.unacked.count;
  }

  /** Never in the future: if the phone's clock was set back, earlier positions get the current time. */
  private readonly cityTime = (phoneTime: number): number =>
    Math.min(this.connection.clock.at(phoneTime), this.connection.clock.now());
}
