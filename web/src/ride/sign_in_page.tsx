/** A passenger signs in with a code that is sent to the phone, or with Alipay. */
import { useEffect, useState } from 'preact/hooks';
import type { Account, SignedIn } from '../client/account';
import { request } from '../client/http';
import type { CityFacts } from '../protocol/reads';
import { ERRORS } from '../protocol/tables';
import { Field } from '../ui/controls';
import { commonText, numberedErrorText } from '../ui/i18n';
import { SignInPage } from '../ui/sign_in';
import { text } from './i18n';
import { replaceWith, view } from './navigation';

/** Removes the spaces, dashes and brackets of a typed number. */
function digitsOnly(phone: string): string {
  return phone.replace(/[\s()./-]/g, '');
}

export function PassengerSignIn({ city, account }: { city: CityFacts; account: Account }) {
  const [sentTo, setSentTo] = useState<string | null>(null);
  const alipayError = useAlipay(account);
  const frame = {
    title: text('title'),
    subtitle: city.title,
    error: alipayError,
    below: city.alipay && (
      <a class="button wide" href="/v1/auth/alipay">
        {text('with_alipay')}
      </a>
    ),
  };
  if (sentTo === null) {
    const send = async ({ phone = '' }: Readonly<Record<string, string>>) => {
      await request('/v1/auth/passenger/code', { post: { phone: digitsOnly(phone) } });
      setSentTo(digitsOnly(phone));
    };
    return (
      <SignInPage key="phone" {...frame} submit={text('send_code')} onSubmit={send}>
        <h2>{commonText('action.sign_in')}</h2>
        <p class="quiet small">{text('sign_in_why')}</p>
        <Field label={text('phone')}>
          <input type="tel" name="phone" autocomplete="tel" required minLength={5} />
        </Field>
      </SignInPage>
    );
  }
  const enter = async ({ code = '' }: Readonly<Record<string, string>>) => {
    account.signIn(await request<SignedIn>('/v1/auth/passenger', { post: { phone: sentTo, code: code.trim() } }));
  };
  return (
    <SignInPage key="code" {...frame} submit={commonText('action.sign_in')} onSubmit={enter}>
      <p role="status">{text('code_sent', { phone: sentTo })}</p>
      {city.development && <p class="quiet small">{text('code_in_file')}</p>}
      <Field label={text('code')}>
        <input
          name="code"
          class="number"
          inputMode="numeric"
          autocomplete="one-time-code"
          minLength={6}
          maxLength={6}
          required
        />
      </Field>
      <button type="button" class="button plain wide" onClick={() => setSentTo(null)}>
        {text('other_number')}
      </button>
    </SignInPage>
  );
}

/** Completes a sign-in by Alipay, whose page returns with a code or an error number in the fragment. */
function useAlipay(account: Account): unknown {
  const [error, setError] = useState<unknown>(null);
  const returned = view.value;
  const code = returned.name === 'alipay' ? returned.code : null;
  useEffect(() => {
    if (code === null) return;
    replaceWith('');
    request<SignedIn>('/v1/auth/passenger/alipay', { post: { code } }).then(
      (signedIn) => account.signIn(signedIn),
      setError,
    );
  }, [code]);
  if (returned.name !== 'alipay_error') return error;
  const known = ERRORS[String(returned.code) as keyof typeof ERRORS];
  return numberedErrorText(returned.code, known?.text ?? '');
}
