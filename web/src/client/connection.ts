/**
 * The WebSocket of one signed-in app: connects, resumes streams, resends commands and exposes its state.
 *
 *     connecting ──welcome──▶ live ──silence, close──▶ lost ──backoff──▶ connecting
 *          └──token refused──▶ signed_out     live ──another device──▶ replaced
 */
import { signal } from '@preact/signals';
import { decode, encode, SUBPROTOCOL } from '../protocol/codec';
import type { FromServer, GpsFix, GpsFixes, Rejected, Welcome } from '../protocol/messages';
import { CLOSE_CODES } from '../protocol/tables';
import { backoffMs } from './backoff';
import { CityClock } from './city_clock';
import { type Command, type CommandResult, Session } from './session';

export type ConnectionState = 'connecting' | 'live' | 'lost' | 'replaced' | 'signed_out' | 'closed';

export interface ConnectionOptions {
  token: string;
  onMessage: (message: FromServer) => void;
}

/** After this silence a ping is sent. */
const SILENCE_MS = 12_000;
/** Without an answer to the ping within this time the socket is dead, whatever the browser reports. */
const PING_TIMEOUT_MS = 6_000;
const RETRY_MS = 700;
/** Errors that mean that the token is invalid, expired or revoked. */
const TOKEN_ERRORS: ReadonlySet<number> = new Set([2000, 2001, 2006]);

export class Connection {
  readonly state = signal<ConnectionState>('connecting');
  /** When the connection was lost (ms of `Date.now()`), null while it works. */
  readonly lostSince = signal<number | null>(null);
  readonly welcome = signal<Welcome | null>(null);
  readonly clock = new CityClock();

  private readonly session: Session;
  private socket: WebSocket | null = null;
  private attempts = 0;
  private reconnect = 0;
  private watchdog = 0;
  private receivedAt = 0;
  private pinged = false;

  constructor(private readonly options: ConnectionOptions) {
    this.session = new Session(() => crypto.getRandomValues(new Uint32Array(4)).join('-'));
    addEventListener('online', this.hurry);
    document.addEventListener('visibilitychange', this.hurry);
    this.connect();
  }

  /** Sends a command. The promise resolves with its answer, across any number of reconnects. */
  command(command: Command): Promise<CommandResult> {
    return new Promise((resolve) => {
      const message = this.session.begin(command, resolve);
      if (this.state.value === 'live') this.send(message);
    });
  }

  /** Sends positions, which are acknowledged in batches; false without a live socket. */
  fix(message: GpsFix | GpsFixes): boolean {
    if (this.state.value !== 'live') return false;
    this.send(message);
    return true;
  }

  /** Subscribes to a stream; the subscription survives reconnects. */
  async subscribe(stream: string): Promise<CommandResult> {
    return this.command({ t: 'attach', stream });
  }

  async unsubscribe(stream: string): Promise<void> {
    this.session.unsubscribe(stream);
    await this.command({ t: 'detach', stream });
  }

  /** Reconnects at once for a new welcome, because the clock of this device has jumped. */
  renew(): void {
    if (this.state.value === 'live') this.connect();
  }

  close(): void {
    this.state.value = 'closed';
    this.drop();
    clearTimeout(this.reconnect);
    removeEventListener('online', this.hurry);
    document.removeEventListener('visibilitychange', this.hurry);
  }

  private connect(): void {
    this.drop();
    this.state.value = 'connecting';
    const socket = new WebSocket(socketUrl(), SUBPROTOCOL);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    socket.onopen = () => {
      socket.send(encode(this.session.hello(this.options.token)));
      this.markReceived();
    };
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) => this.receive(decode(event.data));
    socket.onclose = (event) => this.lost(event.code);
    this.watch(SILENCE_MS);
  }

  private receive(message: FromServer): void {
    this.markReceived();
    if (message.t === 'welcome') this.welcomed(message);
    if (message.t === 'rejected' && message.id === undefined) this.rejected(message);
    const outcome = this.session.received(message);
    if (outcome.kind === 'deliver') this.options.onMessage(outcome.message);
    if (outcome.kind === 'retry') setTimeout(() => this.resend(outcome.id), RETRY_MS);
  }

  private welcomed(welcome: Welcome): void {
    this.clock.set(welcome.city_time, welcome.speed);
    this.attempts = 0;
    this.welcome.value = welcome;
    this.lostSince.value = null;
    this.state.value = 'live';
    for (const message of this.session.unanswered()) this.send(message);
  }

  private rejected(message: Rejected): void {
    if (TOKEN_ERRORS.has(message.code)) this.state.value = 'signed_out';
  }

  private resend(id: string): void {
    const message = this.session.pending(id);
    if (message !== undefined && this.state.value === 'live') this.send(message);
  }

  private send(message: Parameters<typeof encode>[0]): void {
    this.socket?.send(encode(message));
  }

  private lost(code: number): void {
    this.drop();
    if (this.state.value === 'closed' || this.state.value === 'signed_out') return;
    const known = CLOSE_CODES[code as unknown as keyof typeof CLOSE_CODES];
    if (known !== undefined && !known.reconnect) {
      this.state.value = known.name === 'REPLACED' ? 'replaced' : 'signed_out';
      return;
    }
    this.lostSince.value ??= Date.now();
    this.state.value = 'lost';
    this.reconnect = window.setTimeout(() => this.connect(), backoffMs(this.attempts++, Math.random()));
  }

  private drop(): void {
    clearTimeout(this.watchdog);
    clearTimeout(this.reconnect);
    const socket = this.socket;
    this.socket = null;
    if (socket !== null) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  private markReceived(): void {
    this.receivedAt = Date.now();
    this.pinged = false;
  }

  /** Sockets of phones die without a close event: a ping follows silence, and a missing answer closes the socket. */
  private watch(inMs: number): void {
    clearTimeout(this.watchdog);
    this.watchdog = window.setTimeout(() => {
      const silentMs = Date.now() - this.receivedAt;
      if (silentMs < SILENCE_MS && !this.pinged) return this.watch(SILENCE_MS - silentMs);
      if (this.pinged || this.state.value !== 'live') return this.lost(1006);
      this.pinged = true;
      void this.command({ t: 'ping' });
      this.watch(PING_TIMEOUT_MS);
    }, inMs);
  }

  /** Skips the timers when the network is back or the page becomes visible. */
  private readonly hurry = (): void => {
    if (document.visibilityState !== 'visible') return;
    if (this.state.value === 'lost') this.connect();
    else if (this.state.value === 'live' && Date.now() - this.receivedAt > 2_000) this.watch(0);
  };
}

/** The WebSocket URL on the origin of this page. */
function socketUrl(): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/ws`;
}
