/** A dispatcher signs in with name and password. */
import type { Account, SignedIn } from '../client/account';
import { request } from '../client/http';
import type { CityFacts } from '../protocol/reads';
import { Field } from '../ui/controls';
import { commonText } from '../ui/i18n';
import { SignInPage } from '../ui/sign_in';
import { text } from './i18n';

export function DispatcherSignIn({ city, account }: { city: CityFacts; account: Account }) {
  const enter = async ({ name = '', password }: Readonly<Record<string, string>>) =>
    account.signIn(await request<SignedIn>('/v1/auth/dispatcher', { post: { name: name.trim(), password } }));
  return (
    <SignInPage title={text('title')} subtitle={city.title} submit={commonText('action.sign_in')} onSubmit={enter}>
      <Field label={text('sign_in.name')}>
        <input name="name" autocomplete="username" autocapitalize="none" required />
      </Field>
      <Field label={text('sign_in.password')}>
        <input name="password" type="password" autocomplete="current-password" required />
      </Field>
    </SignInPage>
  );
}
