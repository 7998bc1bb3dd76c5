/** Messages as MessagePack, the way the gateway reads and writes them (subprotocol `taxi.v1.msgpack`). */
import { Decoder, Encoder } from '@msgpack/msgpack';
import type { FromClient, FromServer } from './messages';

export const SUBPROTOCOL = 'taxi.v1.msgpack';

const encoder = new Encoder({ ignoreUndefined: true });
const decoder = new Decoder();

export function encode(message: FromClient): Uint8Array<ArrayBuffer> {
  return encoder.encode(message) as Uint8Array<ArrayBuffer>;
}

/** Throws where the bytes are no MessagePack; what a newer server says is passed on for the reader to ignore. */
export function decode(bytes: ArrayBuffer): FromServer {
  return decoder.decode(new Uint8Array(bytes)) as FromServer;
}
