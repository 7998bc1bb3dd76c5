/** Who one is: by a code to the phone, or by Alipay. */
import { useEffect, useState } from 'preact/hooks';
import type { Account, SignedIn } from '../client/account';
import { ask } from '../client/http';
import type { CityFacts } from '../protocol/reads';
import { ERRORS } from '../protocol/tables';
import { Field, Preferences } from '../ui/controls';
import { complaint } from '../ui/words';
import { replaceWith, view } from './navigation';
import { text } from './text';

/** Numbers are typed with spaces, dashes and brackets. */
function plain(phone: string): string {
  return phone.replace(/[\s()./-]/g, '');
}

/** What Alipay's sign-in brought back instead of a code. */
function refusalNumbered(code: number): string {
  const known = ERRORS[String(code) as keyof typeof ERRORS];
  return complaint({ code, text: known?.text ?? '' });
}

export function SignInPage({ city, account }: { city: CityFacts; account: Account }) {
  const [phone, setPhone] = useState('');
  const [sentTo, setSentTo] = useState<string | null>(null);
  const [code, setCode] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const attempt = async (act: () => Promise<void>) => {
    setBusy(true);
    setProblem(null);
    await act().catch((error) => setProblem(complaint(error)));
    setBusy(false);
  };
  const send = () =>
    attempt(async () => {
      await ask('/v1/auth/passenger/code', { post: { phone: plain(phone) } });
      setSentTo(plain(phone));
    });
  const enter = () =>
    attempt(async () => {
      account.enter(await ask<SignedIn>('/v1/auth/passenger', { post: { phone: sentTo, code: code.trim() } }));
    });

  const wanted = view.value;
  const fromAlipay = wanted.name === 'alipay' ? wanted.code : null;
  useEffect(() => {
    if (fromAlipay === null) return;
    replaceWith('');
    void attempt(async () => {
      account.enter(await ask<SignedIn>('/v1/auth/passenger/alipay', { post: { code: fromAlipay } }));
    });
  }, [fromAlipay]);

  const refused = wanted.name === 'alipay_error' ? refusalNumbered(wanted.code) : null;

  const submit = (event: Event) => {
    event.preventDefault();
    void (sentTo === null ? send() : enter());
  };
  return (
    <main class="narrow stack">
      <div class="row spread">
        <span class="brand">
          <img src="/icon.svg" alt="" width="40" height="40" />
          <span>{text('title')}</span>
        </span>
        <Preferences />
      </div>
      <p class="quiet">{city.title}</p>
      <form class="card stack" onSubmit={submit} aria-busy={busy}>
        <h1>{text('sign_in')}</h1>
        {sentTo === null ? (
          <>
            <p class="quiet small">{text('sign_in_why')}</p>
            <Field label={text('phone')}>
              <input
                type="tel"
                name="phone"
                autocomplete="tel"
                required
                value={phone}
                onInput={(event) => setPhone(event.currentTarget.value)}
              />
            </Field>
            <button type="submit" class="button main wide" disabled={busy || plain(phone).length < 5}>
              {text('send_code')}
            </button>
          </>
        ) : (
          <>
            <p role="status">{text('code_sent', { phone: sentTo })}</p>
            {city.development && <p class="quiet small">{text('code_in_file')}</p>}
            <Field label={text('code')}>
              <input
                name="code"
                class="number"
                inputMode="numeric"
                autocomplete="one-time-code"
                maxLength={6}
                required
                value={code}
                onInput={(event) => setCode(event.currentTarget.value)}
              />
            </Field>
            <button type="submit" class="button main wide" disabled={busy || code.trim().length < 6}>
              {text('sign_in')}
            </button>
            <button type="button" class="button plain wide" onClick={() => setSentTo(null)}>
              {text('other_number')}
            </button>
          </>
        )}
        {(problem ?? refused) !== null && (
          <p class="problem small" role="alert">
            {problem ?? refused}
          </p>
        )}
      </form>
      {city.alipay && (
        <a class="button wide" href="/v1/auth/alipay">
          {text('with_alipay')}
        </a>
      )}
    </main>
  );
}
