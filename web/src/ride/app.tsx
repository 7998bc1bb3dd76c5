/** The page as a whole: who is signed in, which view is wanted. */
import { signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { Account } from '../client/account';
import { ask } from '../client/http';
import type { CityFacts } from '../protocol/reads';
import { Action, LinkBanner, Preferences, Toasts } from '../ui/controls';
import { cityZone } from '../ui/formats';
import { language } from '../ui/language';
import { complaint, word } from '../ui/words';
import { Book } from './book';
import { History } from './history';
import { go, replaceWith, view } from './navigation';
import { Model } from './passenger_store';
import { backFromPaying } from './pay';
import { ReceiptPage } from './receipt';
import { Guest } from './shared_trip';
import { SignInPage } from './sign_in_page';
import { text } from './text';
import { TripPage } from './trip_page';

const account = new Account('taxi.ride');
const city = signal<CityFacts | null>(null);
const cityProblem = signal<string | null>(null);

async function readCity(): Promise<void> {
  try {
    const facts = await ask<CityFacts>('/v1/city');
    cityZone.value = facts.time_zone;
    city.value = facts;
  } catch (error) {
    cityProblem.value = complaint(error);
  }
}

export function App() {
  useEffect(() => void readCity(), []);
  document.title = text('title');
  const facts = city.value;
  if (facts === null) return <Waiting />;
  const wanted = view.value;
  if (wanted.name === 'share') return <Guest key={wanted.token} city={facts} token={wanted.token} />;
  const signedIn = account.signedIn.value;
  const body =
    signedIn === null ? (
      <SignInPage city={facts} account={account} />
    ) : (
      <SignedInApp key={signedIn.token} city={facts} token={signedIn.token} />
    );
  return (
    <>
      {body}
      <Toasts />
    </>
  );
}

function Waiting() {
  return (
    <main class="narrow stack">
      <h1>{text('title')}</h1>
      {cityProblem.value === null ? (
        <p role="status">{text('loading')}</p>
      ) : (
        <>
          <p role="alert" class="problem">
            {cityProblem.value}
          </p>
          <Action kind="main" act={readCity}>
            {word('action.retry')}
          </Action>
        </>
      )}
    </main>
  );
}

function SignedInApp({ city, token }: { city: CityFacts; token: string }) {
  const model = useMemo(() => new Model(token), [token]);
  useEffect(() => () => model.close(), [model]);
  useOpenRide(model);
  const wanted = view.value;
  return (
    <div class="frame">
      <Top />
      <LinkBanner link={model.link} onSignIn={() => account.leave()} onUseHere={() => location.reload()} />
      {wanted.name === 'trip' && <TripPage key={wanted.trip} model={model} city={city} id={wanted.trip} />}
      {wanted.name === 'receipt' && <ReceiptPage model={model} id={wanted.trip} />}
      {wanted.name === 'history' && <History model={model} />}
      {(wanted.name === 'book' || wanted.name.startsWith('alipay')) && <Book model={model} city={city} token={token} />}
    </div>
  );
}

/** Who comes back in the middle of a ride, or from paying it, sees the ride. */
function useOpenRide(model: Model) {
  useEffect(
    () =>
      model.list.subscribe((state) => {
        if (state !== 'ready' || view.peek().name !== 'book' || location.hash) return;
        const open = backFromPaying() ?? model.current.peek()?.trip;
        if (open !== undefined) replaceWith(`#trip=${open}`);
      }),
    [model],
  );
}

function Top() {
  return (
    <header class="top">
      <a class="brand" href="#book">
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span>{text('title')}</span>
      </a>
      <details class="menu">
        <summary class="button plain" aria-label={text('menu')}>
          <span aria-hidden="true">☰</span>
        </summary>
        <nav class="card stack" aria-label={text('menu')}>
          <button type="button" class="button plain wide" onClick={(event) => leaveMenu(event, () => go('#book'))}>
            {text('book_new')}
          </button>
          <button type="button" class="button plain wide" onClick={(event) => leaveMenu(event, () => go('#history'))}>
            {text('history')}
          </button>
          <Preferences key={language.value} />
          <button type="button" class="button plain wide" onClick={signOut}>
            {word('action.sign_out')}
          </button>
        </nav>
      </details>
    </header>
  );
}

function leaveMenu(event: Event, act: () => void): void {
  const menu = (event.currentTarget as HTMLElement).closest('details');
  if (menu !== null) menu.open = false;
  act();
}

function signOut(): void {
  account.leave();
  replaceWith('');
}
