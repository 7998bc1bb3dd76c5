/** A command's answer for code that would rather throw: the refusal of `link.command` as an exception. */
import type { Accepted } from '../protocol/messages';
import { Refusal } from './http';
import type { Settled } from './session';

/** Throws `Refusal`. */
export async function accepted(answer: Promise<Settled>): Promise<Accepted> {
  const settled = await answer;
  if (settled.ok) return settled.accepted;
  const { code, text, retryable, field } = settled.rejected;
  throw new Refusal(code, text, retryable, field);
}
