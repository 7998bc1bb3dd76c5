/** MessagePack encoding of messages (subprotocol `taxi.v1.msgpack`). */
import { Decoder, Encoder } from '@msgpack/msgpack';
import type { FromClient, FromServer } from './messages';

export const SUBPROTOCOL = 'taxi.v1.msgpack';

const encoder = new Encoder({ ignoreUndefined: true });
const decoder = new Decoder();

export function encode(message: FromClient): Uint8Array<ArrayBuffer> {
  return encoder.encode(message) as Uint8Array<ArrayBuffer>;
}

/** Throws if the bytes are not MessagePack. Unknown messages of a newer server are returned; readers ignore them. */
export function decode(bytes: ArrayBuffer): FromServer {
  return decoder.decode(new Uint8Array(bytes)) as FromServer;
}
