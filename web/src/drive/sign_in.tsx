/** Number, PIN and car. */
import { useState } from 'preact/hooks';
import { Field, Preferences } from '../ui/controls';
import { complaint } from '../ui/words';
import { lastSignIn, signIn } from './account';
import { Install } from './install';
import { tune } from './offer_alert';
import { text } from './texts';

export function SignIn() {
  const last = lastSignIn();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const enter = async (event: SubmitEvent) => {
    event.preventDefault();
    tune();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const typed = (name: string) => String(form.get(name) ?? '').trim();
    setBusy(true);
    setProblem(null);
    await signIn(typed('number'), typed('pin'), typed('vehicle')).catch(setProblem);
    setBusy(false);
  };
  return (
    <main class="sign-in">
      <div class="row spread">
        <img src="/icon.svg" alt="" width="56" height="56" />
        <Preferences />
      </div>
      <h1>{text('signin.title')}</h1>
      <form class="stack" onSubmit={enter}>
        <Field label={text('signin.number')}>
          <input name="number" required autocomplete="username" defaultValue={last.number} maxLength={64} />
        </Field>
        <Field label={text('signin.pin')}>
          <input name="pin" type="password" inputMode="numeric" required autocomplete="current-password" />
        </Field>
        <Field label={text('signin.vehicle')}>
          <input
            name="vehicle"
            required
            autocomplete="off"
            autocapitalize="characters"
            defaultValue={last.vehicle}
            maxLength={64}
            aria-describedby="vehicle-hint"
          />
        </Field>
        <p id="vehicle-hint" class="quiet small">
          {text('signin.hint')}
        </p>
        {problem !== null && (
          <p class="problem" role="alert">
            {complaint(problem)}
          </p>
        )}
        <button type="submit" class="button main wide tall" disabled={busy} aria-busy={busy}>
          {text('signin.enter')}
        </button>
      </form>
      <Install />
    </main>
  );
}
