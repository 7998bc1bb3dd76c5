/** The passenger's page: it loads the city, signs the passenger in and shows the view of the fragment. */
import { useEffect, useMemo } from 'preact/hooks';
import { Account } from '../client/account';
import type { CityFacts } from '../protocol/reads';
import { CityLoading, city } from '../ui/city';
import { ConnectionBanner, Preferences, Toasts } from '../ui/controls';
import { commonText } from '../ui/i18n';
import { language } from '../ui/i18n/language';
import { Book } from './book';
import { History } from './history';
import { text } from './i18n';
import { go, replaceWith, view } from './navigation';
import { PassengerStore } from './passenger_store';
import { tripAfterPayment } from './pay';
import { ReceiptPage } from './receipt';
import { SharedTrip } from './shared_trip';
import { PassengerSignIn } from './sign_in_page';
import { TripPage } from './trip_page';

const account = new Account('taxi.ride');

export function App() {
  document.title = text('title');
  const facts = city.value;
  if (facts === null) return <CityLoading title={text('title')} />;
  const current = view.value;
  if (current.name === 'share') return <SharedTrip key={current.token} city={facts} token={current.token} />;
  const signedIn = account.signedIn.value;
  return (
    <>
      {signedIn === null ? (
        <PassengerSignIn city={facts} account={account} />
      ) : (
        <SignedInApp key={signedIn.token} city={facts} token={signedIn.token} />
      )}
      <Toasts />
    </>
  );
}

function SignedInApp({ city, token }: { city: CityFacts; token: string }) {
  const store = useMemo(() => new PassengerStore(token), [token]);
  useEffect(() => () => store.close(), [store]);
  useOpenRide(store);
  const current = view.value;
  return (
    <div class="frame">
      <Top />
      <ConnectionBanner
        connection={store.connection}
        onSignIn={() => account.signOut()}
        onUseHere={() => location.reload()}
      />
      {current.name === 'trip' && <TripPage key={current.trip} store={store} city={city} id={current.trip} />}
      {current.name === 'receipt' && <ReceiptPage store={store} id={current.trip} />}
      {current.name === 'history' && <History store={store} />}
      {(current.name === 'book' || current.name.startsWith('alipay')) && <Book store={store} city={city} />}
    </div>
  );
}

/** Opens the current ride when the page is opened during a ride, or after its payment. */
function useOpenRide(store: PassengerStore) {
  useEffect(
    () =>
      store.list.subscribe((state) => {
        if (state !== 'ready' || view.peek().name !== 'book' || location.hash) return;
        const open = tripAfterPayment() ?? store.current.peek()?.trip;
        if (open !== undefined) replaceWith(`#trip=${open}`);
      }),
    [store],
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
          <button type="button" class="button plain wide" onClick={(event) => closeMenu(event, () => go('#book'))}>
            {text('book_new')}
          </button>
          <button type="button" class="button plain wide" onClick={(event) => closeMenu(event, () => go('#history'))}>
            {text('history')}
          </button>
          <Preferences key={language.value} />
          <button type="button" class="button plain wide" onClick={signOut}>
            {commonText('action.sign_out')}
          </button>
        </nav>
      </details>
    </header>
  );
}

function closeMenu(event: Event, act: () => void): void {
  const menu = (event.currentTarget as HTMLElement).closest('details');
  if (menu !== null) menu.open = false;
  act();
}

function signOut(): void {
  account.signOut();
  replaceWith('');
}
