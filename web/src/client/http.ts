/** What is looked up over HTTP. A refusal is thrown as `Refusal` with its number; no answer at all as `Unreachable`. */
import { decode } from '@msgpack/msgpack';

export class Refusal extends Error {
  constructor(
    readonly code: number,
    text: string,
    readonly retryable: boolean,
    readonly field?: string,
  ) {
    super(text);
  }
}

export class Unreachable extends Error {}

interface Asked {
  token?: string;
  post?: unknown;
  /** Ask for MessagePack, where an answer carries bytes. */
  packed?: boolean;
}

export async function ask<T>(path: string, { token, post, packed }: Asked = {}): Promise<T> {
  const headers: Record<string, string> = { accept: packed ? 'application/msgpack' : 'application/json' };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (post !== undefined) headers['content-type'] = 'application/json';
  const init: RequestInit = { method: post === undefined ? 'GET' : 'POST', headers, credentials: 'same-origin' };
  if (post !== undefined) init.body = JSON.stringify(post);
  const response = await fetch(path, init).catch(() => {
    throw new Unreachable();
  });
  if (!response.ok) throw await refusalOf(response);
  if (response.status === 202 || response.status === 204) return undefined as T;
  if (response.headers.get('content-type')?.startsWith('application/msgpack')) {
    return decode(new Uint8Array(await response.arrayBuffer())) as T;
  }
  return (await response.json()) as T;
}

async function refusalOf(response: Response): Promise<Error> {
  const body = await response.json().catch(() => null);
  if (body === null || typeof body.code !== 'number') return new Unreachable();
  return new Refusal(body.code, body.text, body.retryable, body.field);
}
