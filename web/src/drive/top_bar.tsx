/** How the car stands, at a glance, and the way to everything else. */
import type { JSX } from 'preact';
import type { Cab } from './driver_store';
import { isSettled } from './reducer';
import { text } from './texts';

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

export function TopBar({ cab, open }: { cab: Cab; open: (sheet: Sheet) => void }) {
  const trip = cab.fare.value === null ? undefined : cab.duty.value.trips[cab.fare.value];
  const paid = cab.scene.value === 'fare' && trip !== undefined && isSettled(trip);
  const scene = paid ? 'paid' : cab.scene.value;
  const unread = cab.notices.value.length;
  return (
    <header class="top-bar">
      <div class="state" role="status" aria-live="polite">
        <span class={`lamp lamp-${scene}`} aria-hidden="true" />
        <div>
          <strong>{text(`state.${scene}`)}</strong>
          <div class="quiet small">{cab.signedIn.vehicle}</div>
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
