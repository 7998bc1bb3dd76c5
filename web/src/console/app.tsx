/** The console: signs in, then opens the workplace. */
import { useEffect, useState } from 'preact/hooks';
import { Account, type SignedIn } from '../client/account';
import { ask } from '../client/http';
import type { CityFacts } from '../protocol/reads';
import { Action, Preferences, Toasts } from '../ui/controls';
import { cityZone } from '../ui/formats';
import { complaint, word } from '../ui/words';
import { Workplace, WorkplaceContext } from './console_state';
import { Desk } from './dispatcher_store';
import { Frame } from './layout';
import { SignIn } from './sign_in';
import { text } from './texts';

const account = new Account('taxi.console');

export function App() {
  const [city, setCity] = useState<CityFacts | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const load = () => {
    setProblem(null);
    ask<CityFacts>('/v1/city').then((facts) => {
      cityZone.value = facts.time_zone;
      setCity(facts);
    }, setProblem);
  };
  useEffect(load, []);
  useEffect(() => {
    document.title = city === null ? text('title') : text('title.city', { city: city.title });
  });
  const signedIn = account.signedIn.value;
  if (city === null) return <Opening problem={problem} retry={load} />;
  return (
    <>
      {signedIn === null ? (
        <SignIn city={city} onEnter={(each) => account.enter(each)} />
      ) : (
        <Signed key={signedIn.token} city={city} signedIn={signedIn} onLeave={() => account.leave()} />
      )}
      <Toasts />
    </>
  );
}

function Opening({ problem, retry }: { problem: unknown; retry: () => void }) {
  return (
    <main class="entry stack">
      <h1>{text('title')}</h1>
      {problem === null ? (
        <p class="quiet" aria-busy="true">
          {text('loading')}
        </p>
      ) : (
        <>
          <p class="problem" role="alert">
            {complaint(problem)}
          </p>
          <Action act={retry}>{word('action.retry')}</Action>
        </>
      )}
      <Preferences />
    </main>
  );
}

function Signed({ city, signedIn, onLeave }: { city: CityFacts; signedIn: SignedIn; onLeave: () => void }) {
  const [turn, setTurn] = useState(0);
  const [workplace, setWorkplace] = useState<Workplace | null>(null);
  useEffect(() => {
    const opened = new Workplace(new Desk(city, signedIn));
    setWorkplace(opened);
    return () => opened.close();
  }, [turn]);
  if (workplace === null) return null;
  return (
    <WorkplaceContext.Provider value={workplace}>
      <Frame key={turn} onLeave={onLeave} onUseHere={() => setTurn(turn + 1)} />
    </WorkplaceContext.Provider>
  );
}
