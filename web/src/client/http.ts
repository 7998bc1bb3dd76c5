/** HTTP requests to the gateway. A refusal throws `ApiError`; a request without an answer throws `UnreachableError`. */
import { decode } from '@msgpack/msgpack';

export class ApiError extends Error {
  constructor(
    /** The error number of `protocol/tables.ts`. */
    readonly code: number,
    text: string,
    readonly retryable: boolean,
    readonly field?: string,
  ) {
    super(text);
  }
}

export class UnreachableError extends Error {}

interface RequestOptions {
  token?: string;
  /** The JSON body of a POST; without it the request is a GET. */
  post?: unknown;
  /** Asks for MessagePack, for answers that contain bytes. */
  packed?: boolean;
}

export async function request<T>(path: string, { token, post, packed }: RequestOptions = {}): Promise<T> {
  const headers: Record<string, string> = { accept: packed ? 'application/msgpack' : 'application/json' };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (post !== undefined) headers['content-type'] = 'application/json';
  const init: RequestInit = { method: post === undefined ? 'GET' : 'POST', headers, credentials: 'same-origin' };
  if (post !== undefined) init.body = JSON.stringify(post);
  const response = await fetch(path, init).catch(() => {
    throw new UnreachableError();
  });
  if (!response.ok) throw await errorOf(response);
  if (response.status === 202 || response.status === 204) return undefined as T;
  if (response.headers.get('content-type')?.startsWith('application/msgpack')) {
    return decode(new Uint8Array(await response.arrayBuffer())) as T;
  }
  return (await response.json()) as T;
}

async function errorOf(response: Response): Promise<Error> {
  const body = await response.json().catch(() => null);
  if (body === null || typeof body.code !== 'number') return new UnreachableError();
  return new ApiError(body.code, body.text, body.retryable, body.field);
}
