/**
 * The socket of one signed-in app: connects, resumes, sends again, and says how it stands.
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
import { type Command, Session, type Settled } from './session';

export type LinkState = 'connecting' | 'live' | 'lost' | 'replaced' | 'signed_out' | 'closed';

export interface LinkOptions {
  /** `ws:` or `wss:` address of the gateway's socket. */
  url: string;
  token: string;
  onMessage: (message: FromServer) => void;
}

const SILENCE_MS = 12_000;
/** After so much silence the server is asked whether it is there. */
const ANSWER_MS = 6_000;
/** A question unanswered for so long means that the socket is dead, whatever the browser says. */
const RETRY_MS = 700;

export class Link {
  readonly state = signal<LinkState>('connecting');
  /** Since when nothing is heard (ms of `Date.now()`), null while all is well. */
  readonly lostSince = signal<number | null>(null);
  readonly welcome = signal<Welcome | null>(null);
  readonly clock = new CityClock();

  private readonly session: Session;
  private socket: WebSocket | null = null;
  private attempts = 0;
  private reconnect = 0;
  private watchdog = 0;
  private heardAt = 0;
  private asked = false;

  constructor(private readonly options: LinkOptions) {
    this.session = new Session(() => crypto.getRandomValues(new Uint32Array(4)).join('-'));
    addEventListener('online', this.hurry);
    document.addEventListener('visibilitychange', this.hurry);
    this.connect();
  }

  /** Give a command; the answer comes however often the connection breaks in between. */
  command(command: Command): Promise<Settled> {
    return new Promise((settle) => {
      const message = this.session.begin(command, settle);
      if (this.state.value === 'live') this.say(message);
    });
  }

  /** Positions are not answered one by one; false where there is no socket to send them on. */
  fix(message: GpsFix | GpsFixes): boolean {
    if (this.state.value !== 'live') return false;
    this.say(message);
    return true;
  }

  /** Follow a stream from now on, across reconnects. */
  async attach(stream: string): Promise<Settled> {
    return this.command({ t: 'attach', stream });
  }

  async detach(stream: string): Promise<void> {
    this.session.unfollow(stream);
    await this.command({ t: 'detach', stream });
  }

  /** Forget a stream that is over. */
  forget(stream: string): void {
    this.session.unfollow(stream);
  }

  /** Connect anew at once, for a new welcome: this device's clock has jumped. */
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
    const socket = new WebSocket(this.options.url, SUBPROTOCOL);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    socket.onopen = () => {
      socket.send(encode(this.session.hello(this.options.token)));
      this.heard();
    };
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) => this.receive(decode(event.data));
    socket.onclose = (event) => this.lost(event.code);
    this.watch(SILENCE_MS);
  }

  private receive(message: FromServer): void {
    this.heard();
    if (message.t === 'welcome') this.welcomed(message);
    if (message.t === 'rejected' && message.id === undefined) this.refused(message);
    const outcome = this.session.received(message);
    if (outcome.kind === 'deliver') this.options.onMessage(outcome.message);
    if (outcome.kind === 'retry') setTimeout(() => this.again(outcome.id), RETRY_MS);
  }

  private welcomed(welcome: Welcome): void {
    this.clock.set(welcome.city_time, welcome.speed);
    this.attempts = 0;
    this.welcome.value = welcome;
    this.lostSince.value = null;
    this.state.value = 'live';
    for (const message of this.session.unanswered()) this.say(message);
  }

  private refused(rejected: Rejected): void {
    if (rejected.code === 2000 || rejected.code === 2001 || rejected.code === 2006) this.state.value = 'signed_out';
  }

  private again(id: string): void {
    const message = this.session.pending(id);
    if (message !== undefined && this.state.value === 'live') this.say(message);
  }

  private say(message: Parameters<typeof encode>[0]): void {
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

  private heard(): void {
    this.heardAt = Date.now();
    this.asked = false;
  }

  /** A phone's sockets die without a word: silence is asked about, and no answer is a loss. */
  private watch(inMs: number): void {
    clearTimeout(this.watchdog);
    this.watchdog = window.setTimeout(() => {
      const silentMs = Date.now() - this.heardAt;
      if (silentMs < SILENCE_MS && !this.asked) return this.watch(SILENCE_MS - silentMs);
      if (this.asked || this.state.value !== 'live') return this.lost(1006);
      this.asked = true;
      void this.command({ t: 'ping' });
      this.watch(ANSWER_MS);
    }, inMs);
  }

  /** The network is back, or the page is looked at again: no need to wait for the timer. */
  private readonly hurry = (): void => {
    if (document.visibilityState !== 'visible') return;
    if (this.state.value === 'lost') this.connect();
    else if (this.state.value === 'live' && Date.now() - this.heardAt > 2_000) this.watch(0);
  };
}

/** The address of the socket on the origin that served this page. */
export function socketUrl(): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/v1/ws`;
}
