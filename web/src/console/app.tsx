/** The console: it loads the city, signs the dispatcher in and opens the console. */
import { useEffect, useState } from 'preact/hooks';
import { Account, type SignedIn } from '../client/account';
import type { CityFacts } from '../protocol/reads';
import { CityLoading, city } from '../ui/city';
import { Toasts } from '../ui/controls';
import { ConsoleContext, ConsoleState } from './console_state';
import { DispatcherStore } from './dispatcher_store';
import { text } from './i18n';
import { Layout } from './layout';
import { DispatcherSignIn } from './sign_in';

const account = new Account('taxi.console');

export function App() {
  const facts = city.value;
  useEffect(() => {
    document.title = facts === null ? text('title') : text('title.city', { city: facts.title });
  });
  const signedIn = account.signedIn.value;
  if (facts === null) return <CityLoading title={text('title')} />;
  return (
    <>
      {signedIn === null ? (
        <DispatcherSignIn city={facts} account={account} />
      ) : (
        <SignedInConsole key={signedIn.token} city={facts} signedIn={signedIn} />
      )}
      <Toasts />
    </>
  );
}

function SignedInConsole({ city, signedIn }: { city: CityFacts; signedIn: SignedIn }) {
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState<ConsoleState | null>(null);
  useEffect(() => {
    const opened = new ConsoleState(new DispatcherStore(city, signedIn));
    setState(opened);
    return () => opened.close();
  }, [turn]);
  if (state === null) return null;
  return (
    <ConsoleContext.Provider value={state}>
      <Layout key={turn} onLeave={() => account.signOut()} onUseHere={() => setTurn(turn + 1)} />
    </ConsoleContext.Provider>
  );
}
