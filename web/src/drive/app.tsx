/** The driver's app: signed out, or at work. */
import { useEffect, useState } from 'preact/hooks';
import { Toasts } from '../ui/controls';
import { account } from './account';
import { learnCity } from './city';
import { Work } from './driver_screen';
import { Cab } from './driver_store';
import { SignIn } from './sign_in';

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
