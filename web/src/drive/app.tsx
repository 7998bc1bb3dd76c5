/** The driver's app: the sign-in page, or the screen of a signed-in driver. */
import { useEffect, useState } from 'preact/hooks';
import { loadCity } from '../ui/city';
import { Toasts } from '../ui/controls';
import { account } from './account';
import { DriverScreen } from './driver_screen';
import { DriverStore } from './driver_store';
import { DriverSignIn } from './sign_in';

const RETRY_CITY_MS = 5000;

/** Retries until it succeeds: only the map needs the facts of the city. */
async function keepLoadingCity(): Promise<void> {
  if (!(await loadCity())) setTimeout(keepLoadingCity, RETRY_CITY_MS);
}

export function App() {
  const signedIn = account.signedIn.value;
  const [turn, setTurn] = useState(0);
  const [store, setStore] = useState<DriverStore | null>(null);
  useEffect(() => void keepLoadingCity(), []);
  useEffect(() => {
    const opened = signedIn === null ? null : new DriverStore(signedIn);
    setStore(opened);
    return () => opened?.close();
  }, [signedIn, turn]);
  return (
    <>
      {signedIn === null && <DriverSignIn />}
      {signedIn !== null && store !== null && <DriverScreen store={store} onUseHere={() => setTurn(turn + 1)} />}
      <Toasts />
    </>
  );
}
