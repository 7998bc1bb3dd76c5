import { expect, test } from 'vitest';
import type { FromServer } from '../protocol/messages';
import { type CommandResult, Session } from './session';

function numbered(): Session {
  let count = 0;
  return new Session(() => `c${++count}`);
}

const update = (seq: number): FromServer => ({ t: 'update', stream: 'trip:T1', seq, event: 'e', at: 0 });

test('an update is delivered once, whatever is repeated', () => {
  const session = numbered();
  expect(session.received(update(1)).kind).toBe('deliver');
  expect(session.received(update(1)).kind).toBe('nothing');
  expect(session.received(update(2)).kind).toBe('deliver');
});

test('the hello names the last number of each stream, and not of those that were left', () => {
  const session = numbered();
  session.received(update(4));
  session.received({ t: 'snapshot', stream: 'trip:T2', seq: 9, recovered: false });
  session.unsubscribe('trip:T1');
  expect(session.hello('secret').resume).toEqual([{ stream: 'trip:T2', seq: 9 }]);
});

test('a snapshot may go back to an older number', () => {
  const session = numbered();
  session.received(update(4));
  session.received({ t: 'snapshot', stream: 'trip:T1', seq: 2, recovered: false });
  expect(session.received(update(3)).kind).toBe('deliver');
});

test('a command keeps its id until it is answered, and is settled once', () => {
  const session = numbered();
  const answers: CommandResult[] = [];
  const sent = session.begin({ t: 'online' }, (result) => answers.push(result));
  expect(session.unanswered()).toEqual([sent]);
  const accepted: FromServer = { t: 'accepted', id: sent.id };
  session.received(accepted);
  session.received(accepted);
  expect(answers).toEqual([{ ok: true, accepted }]);
  expect(session.unanswered()).toEqual([]);
});

test('a temporary rejection keeps the command pending; another one ends it', () => {
  const session = numbered();
  const answers: CommandResult[] = [];
  const { id } = session.begin({ t: 'online' }, (result) => answers.push(result));
  const busy: FromServer = { t: 'rejected', id, code: 6000, text: 'busy', retryable: true };
  expect(session.received(busy)).toEqual({ kind: 'retry', id });
  expect(answers).toEqual([]);
  session.received({ ...busy, code: 3001, retryable: false });
  expect(answers[0]?.ok).toBe(false);
});

test('a rejection that depends on people ends the command, although it is retryable', () => {
  const session = numbered();
  const answers: CommandResult[] = [];
  const { id } = session.begin({ t: 'online' }, (result) => answers.push(result));
  session.received({ t: 'rejected', id, code: 5001, text: 'open', retryable: true });
  expect(answers[0]?.ok).toBe(false);
});
