import { expect, test } from 'vitest';
import { readShareToken } from './share_token';

const token = (claims: object) => `h.${btoa(JSON.stringify(claims)).replace(/=+$/, '')}.s`;

test('it names the trip and its own end', () => {
  expect(readShareToken(token({ sub: 't1', role: 'guest', exp: 5 }))).toEqual({ trip: 't1', expiresAt: 5 });
});

test('anything else is no share link', () => {
  expect(readShareToken('')).toBeNull();
  expect(readShareToken('a.b.c')).toBeNull();
  expect(readShareToken(token({ sub: 'p1', role: 'passenger', exp: 5 }))).toBeNull();
});
