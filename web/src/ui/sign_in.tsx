/** The page on which a user signs in. Each app provides its fields and the request that they make. */
import type { ComponentChildren } from 'preact';
import { ErrorNote, Preferences, useAttempt } from './controls';

interface SignInProps {
  title: string;
  subtitle?: string;
  /** The text of the button. */
  submit: string;
  /** Called with the values of the fields by their names. An error that it throws is shown. */
  onSubmit: (values: Readonly<Record<string, string>>) => Promise<void>;
  /** An error from before this page was opened. */
  error?: unknown;
  /** The fields of the form. */
  children: ComponentChildren;
  /** Content below the form. */
  below?: ComponentChildren;
}

export function SignInPage({ title, subtitle, submit, onSubmit, error = null, children, below }: SignInProps) {
  const { busy, error: ownError, attempt } = useAttempt();
  const onFormSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement));
    void attempt(() => onSubmit(values as Record<string, string>));
  };
  return (
    <main class="entry stack">
      <div class="row spread">
        <img src="/icon.svg" alt="" width="56" height="56" />
        <Preferences />
      </div>
      <h1>{title}</h1>
      {subtitle !== undefined && <p class="quiet">{subtitle}</p>}
      <form class="stack" onSubmit={onFormSubmit} aria-busy={busy}>
        {children}
        <ErrorNote error={ownError ?? error} />
        <button type="submit" class="button main wide tall" disabled={busy}>
          {submit}
        </button>
      </form>
      {below}
    </main>
  );
}
