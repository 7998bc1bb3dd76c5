/** The state of the car, and buttons for the sheets. */
import type { JSX } from 'preact';
import type { DriverStore } from './driver_store';
import { text } from './i18n';
import { isSettled } from './reducer';

export type Sheet = 'earnings' | 'notices' | 'menu';

const ICONS: Record<Sheet, JSX.Element> = {
  earnings: <path d="M4 7h16v12H4zM4 11h16M8 15h3" />,
  notices: <path d="M4 5h16v11H9l-5 4z" />,
  menu: <path d="M4 7h16M4 12h16M4 17h16" />,
};

function Icon({ sheet }: { sheet: Sheet }) {
  return (
    <svg
      viewBox="0 0 24 24"
      width="24"
      height="24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      aria-hidden="true"
    >
      {ICONS[sheet]}
    </svg>
  );
}

export function TopBar({ store, open }: { store: DriverStore; open: (sheet: Sheet) => void }) {
  const trip = store.fare.value === null ? undefined : store.state.value.trips[store.fare.value];
  const paid = store.scene.value === 'fare' && trip !== undefined && isSettled(trip);
  const scene = paid ? 'paid' : store.scene.value;
  const unread = store.notices.value.length;
  return (
    <header class="top-bar">
      <div class="state" role="status" aria-live="polite">
        <span class={`lamp lamp-${scene}`} aria-hidden="true" />
        <div>
          <strong>{text(`state.${scene}`)}</strong>
          <div class="quiet small">{store.signedIn.vehicle}</div>
        </div>
      </div>
      <nav class="row tools">
        {(['earnings', 'notices', 'menu'] as const).map((sheet) => (
          <button
            type="button"
            key={sheet}
            class="button plain tool"
            aria-label={text(`bar.${sheet}`)}
            onClick={() => open(sheet)}
          >
            <Icon sheet={sheet} />
            {sheet === 'notices' && unread > 0 && <span class="dot">{unread}</span>}
          </button>
        ))}
      </nav>
    </header>
  );
}
