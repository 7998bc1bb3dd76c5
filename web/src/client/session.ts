/**
 * Sans-I/O session of one signed-in client: the messages to send on a new socket, the duplicates to drop, and the
 * commands that are not answered yet. `connection.ts` owns the socket and the timers.
 *
 * Rule 1. A command is sent again with the same id on every new socket until it is answered; it takes effect once.
 * Rule 2. The last sequence number of each stream is remembered and sent on a new socket; older updates are dropped.
 * Rule 3. A temporary rejection (the system is busy, the command is still running) keeps the command pending.
 *         Every other answer ends it: a rejection that depends on somebody else, such as a fare that is being paid, is
 *         shown to the user.
 */
import type { Accepted, Cursor, FromClient, FromServer, Hello, Rejected } from '../protocol/messages';

type WithId = Extract<FromClient, { id: string }>;
/** A command without its id, which the session assigns. */
export type Command = WithId extends infer M ? (M extends WithId ? Omit<M, 'id'> : never) : never;

export type CommandResult = { ok: true; accepted: Accepted } | { ok: false; rejected: Rejected };

interface PendingCommand {
  message: WithId;
  resolve: (result: CommandResult) => void;
}

/** The effect of a received message, for the connection to carry out. */
export type Outcome = { kind: 'deliver'; message: FromServer } | { kind: 'retry'; id: string } | { kind: 'nothing' };

const TEMPORARY: ReadonlySet<number> = new Set([1004, 4007]);
const SYSTEM_ERRORS = 6000;

function isTemporary(message: Rejected): boolean {
  return message.retryable && (message.code >= SYSTEM_ERRORS || TEMPORARY.has(message.code));
}

const NOTHING: Outcome = { kind: 'nothing' };

export class Session {
  private readonly commands = new Map<string, PendingCommand>();
  private readonly cursors = new Map<string, number>();

  constructor(private readonly newId: () => string) {}

  /** The first message on a new socket. It has no device time: fixes are sent in the city time of `welcome`. */
  hello(token: string): Hello {
    const resume: Cursor[] = [...this.cursors].map(([stream, seq]) => ({ stream, seq }));
    return { t: 'hello', token, resume };
  }

  /** Adds the id to a command and keeps it until `received` gets its answer. */
  begin(command: Command, resolve: (result: CommandResult) => void): WithId {
    const message = { ...command, id: this.newId() } as WithId;
    this.commands.set(message.id, { message, resolve });
    return message;
  }

  /** Commands without an answer, in the order in which they were begun. */
  unanswered(): WithId[] {
    return [...this.commands.values()].map((each) => each.message);
  }

  /** The message of a command that is not answered yet. */
  pending(id: string): WithId | undefined {
    return this.commands.get(id)?.message;
  }

  /** Leaves a stream out of the next `hello`. */
  unsubscribe(stream: string): void {
    this.cursors.delete(stream);
  }

  received(message: FromServer): Outcome {
    switch (message.t) {
      case 'accepted':
        return this.answered(message.id, { ok: true, accepted: message }, message);
      case 'rejected':
        return this.rejected(message);
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

  private answered(id: string, result: CommandResult, message: FromServer): Outcome {
    const command = this.commands.get(id);
    if (command === undefined) return NOTHING;
    this.commands.delete(id);
    command.resolve(result);
    return { kind: 'deliver', message };
  }

  private rejected(message: Rejected): Outcome {
    if (message.id === undefined) return { kind: 'deliver', message };
    if (isTemporary(message) && this.commands.has(message.id)) return { kind: 'retry', id: message.id };
    return this.answered(message.id, { ok: false, rejected: message }, message);
  }
}
