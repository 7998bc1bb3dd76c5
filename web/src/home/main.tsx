/** The page at `/`: which app is wanted. */
import { render } from 'preact';
import { Preferences } from '../ui/controls';
import { catalogue } from '../ui/i18n/language';
import '../ui/ui.css';
import './home.css';

const text = catalogue(
  { title: 'Taxi', ride: 'Order a taxi', drive: 'Drive', console: 'Dispatch', pay: 'Pay for a ride' },
  { title: '出租车', ride: '叫车', drive: '司机', console: '调度', pay: '支付车费' },
);

const APPS = [
  ['ride', '/ride/'],
  ['drive', '/drive/'],
  ['console', '/console/'],
  ['pay', '/pay'],
] as const;

function Home() {
  return (
    <main class="home stack">
      <img src="/icon.svg" alt="" width="72" height="72" />
      <h1>{text('title')}</h1>
      <nav class="stack">
        {APPS.map(([name, address], place) => (
          <a key={name} class={`button wide ${place === 0 ? 'main' : ''}`} href={address}>
            {text(name)}
          </a>
        ))}
      </nav>
      <Preferences />
    </main>
  );
}

const root = document.getElementById('app');
if (root !== null) render(<Home />, root);
