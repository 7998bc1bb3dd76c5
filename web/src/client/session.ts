/**
 * One signed-in client without I/O: what to say on a new socket, what of the server's messages is new, which commands
 * still wait for their answer. The shell around it (`link.ts`) owns the socket and the timers.
 *
 * Rule 1. A command is said again, under its id, on every new socket until it is answered: it acts once.
 * Rule 2. Of each stream the last number is remembered and named on a new socket; what is not newer is dropped.
 * Rule 3. A refusal that passes by itself (the system is busy, the command is still at work) leaves a command waiting.
 *         Every other answer ends it: what waits for somebody else, like a fare that is being paid, is for people.
 */
import type { Accepted, Cursor, FromClient, FromServer, Hello, Rejected } from '../protocol/messages';

type WithId = Extract<FromClient, { id: string }>;
/** A command as the caller writes it: the link gives the id. */
export type Command = WithId extends infer M ? (M extends WithId ? Omit<M, 'id'> : never) : never;

export type Settled = { ok: true; accepted: Accepted } | { ok: false; rejected: Rejected };

export interface Waiting {
  message: WithId;
  settle: (settled: Settled) => void;
}

/** What a received message comes to. */
export type Outcome = { kind: 'deliver'; message: FromServer } | { kind: 'retry'; id: string } | { kind: 'nothing' };

const PASSING: ReadonlySet<number> = new Set([1004, 4007]);
const SYSTEM = 6000;

function passesByItself(message: Rejected): boolean {
  return message.retryable && (message.code >= SYSTEM || PASSING.has(message.code));
}

const NOTHING: Outcome = { kind: 'nothing' };

export class Session {
  private readonly waiting = new Map<string, Waiting>();
  private readonly cursors = new Map<string, number>();

  constructor(private readonly newId: () => string) {}

  /** The first message on a new socket. The device's clock is not told: what it sends bears the time of `welcome`. */
  hello(token: string): Hello {
    const resume: Cursor[] = [...this.cursors].map(([stream, seq]) => ({ stream, seq }));
    return { t: 'hello', token, resume };
  }

  /** A command with its id, ready to be said, and kept until `received` hears its answer. */
  begin(command: Command, settle: (settled: Settled) => void): WithId {
    const message = { ...command, id: this.newId() } as WithId;
    this.waiting.set(message.id, { message, settle });
    return message;
  }

  /** Commands without an answer, in the order in which they were given. */
  unanswered(): WithId[] {
    return [...this.waiting.values()].map((each) => each.message);
  }

  /** The message of a command that still waits. */
  pending(id: string): WithId | undefined {
    return this.waiting.get(id)?.message;
  }

  /** A stream that is over, or of no more interest, is not named any more. */
  unfollow(stream: string): void {
    this.cursors.delete(stream);
  }

  received(message: FromServer): Outcome {
    switch (message.t) {
      case 'accepted':
        return this.answered(message.id, { ok: true, accepted: message }, message);
      case 'rejected':
        return this.refused(message);
      case 'update': {
        const last = this.cursors.get(message.stream) ?? 0;
        if (message.seq <= last) return NOTHING;
        this.cursors.set(message.stream, message.seq);
        return { kind: 'deliver', message };
      }
      case 'snapshot':
        this.cursors.set(message.stream, message.seq);
        return { kind: 'deliver', message };
      default:
        return { kind: 'deliver', message };
    }
  }

  private answered(id: string, settled: Settled, message: FromServer): Outcome {
    const waiting = this.waiting.get(id);
    if (waiting === undefined) return NOTHING;
    this.waiting.delete(id);
    waiting.settle(settled);
    return { kind: 'deliver', message };
  }

  private refused(message: Rejected): Outcome {
    if (message.id === undefined) return { kind: 'deliver', message };
    if (passesByItself(message) && this.waiting.has(message.id)) return { kind: 'retry', id: message.id };
    return this.answered(message.id, { ok: false, rejected: message }, message);
  }
}
