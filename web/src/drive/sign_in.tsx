/** A driver signs in with number, PIN and vehicle. */
import { Field } from '../ui/controls';
import { SignInPage } from '../ui/sign_in';
import { lastSignIn, signIn } from './account';
import { text } from './i18n';
import { Install } from './install';
import { unlockAudio } from './offer_alert';

export function DriverSignIn() {
  const last = lastSignIn();
  const enter = ({ number = '', pin = '', vehicle = '' }: Readonly<Record<string, string>>) => {
    unlockAudio();
    return signIn(number.trim(), pin.trim(), vehicle.trim());
  };
  return (
    <SignInPage title={text('signin.title')} submit={text('signin.enter')} onSubmit={enter} below={<Install />}>
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
    </SignInPage>
  );
}
