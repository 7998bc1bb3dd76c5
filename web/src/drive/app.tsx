/** The driver's app: signed out, or at work. */
import { useEffect, useState } from 'preact/hooks';
import { Toasts } from '../shell/controls';
import { account } from './account';
import { Cab } from './cab';
import { learnCity } from './city';
import { SignIn } from './sign_in';
import { Work } from './work';

export function App() {
  const signedIn = account.signedIn.value;
  const [turn, setTurn] = useState(0);
  const [cab, setCab] = useState<Cab | null>(null);
  useEffect(() => void learnCity(), []);
  useEffect(() => {
    const made = signedIn === null ? null : new Cab(signedIn);
    setCab(made);
    return () => made?.close();
  }, [signedIn, turn]);
  return (
    <>
      {signedIn === null && <SignIn />}
      {signedIn !== null && cab !== null && <Work cab={cab} onUseHere={() => setTurn(turn + 1)} />}
      <Toasts />
    </>
  );
}
