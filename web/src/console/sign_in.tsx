/** A dispatcher's name and password. */
import { useState } from 'preact/hooks';
import type { SignedIn } from '../client/account';
import { ask } from '../client/http';
import type { CityFacts } from '../protocol/reads';
import { Field, Preferences } from '../ui/controls';
import { complaint, word } from '../ui/words';
import { text } from './texts';

export function SignIn({ city, onEnter }: { city: CityFacts; onEnter: (signedIn: SignedIn) => void }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const enter = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      onEnter(await ask<SignedIn>('/v1/auth/dispatcher', { post: { name: name.trim(), password } }));
    } catch (error) {
      setProblem(complaint(error));
      setBusy(false);
    }
  };
  return (
    <main class="entry">
      <form class="stack" onSubmit={enter}>
        <img src="/icon.svg" alt="" width="56" height="56" />
        <h1>{text('title')}</h1>
        <p class="quiet">{city.title}</p>
        <Field label={text('sign_in.name')}>
          <input
            name="name"
            autocomplete="username"
            autocapitalize="none"
            required
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </Field>
        <Field label={text('sign_in.password')}>
          <input
            name="password"
            type="password"
            autocomplete="current-password"
            required
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </Field>
        {problem !== null && (
          <p class="problem small" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="button main wide" disabled={busy} aria-busy={busy}>
          {word('action.sign_in')}
        </button>
      </form>
      <Preferences />
    </main>
  );
}
