/** The current view is kept in the fragment of the URL: the back button works, and the server does not see it. */
import { signal } from '@preact/signals';

export type View =
  | { name: 'book' }
  | { name: 'history' }
  | { name: 'trip' | 'receipt'; trip: string }
  | { name: 'share'; token: string }
  | { name: 'alipay'; code: string }
  | { name: 'alipay_error'; code: number };

const FRAGMENT = /^#(trip|receipt|share|alipay|alipay_error)=([A-Za-z0-9_.:~%-]+)$/;

export function viewOf(fragment: string): View {
  const match = FRAGMENT.exec(fragment);
  const value = match?.[2] ?? '';
  switch (match?.[1]) {
    case 'trip':
      return { name: 'trip', trip: value };
    case 'receipt':
      return { name: 'receipt', trip: value };
    case 'share':
      return { name: 'share', token: value };
    case 'alipay':
      return { name: 'alipay', code: value };
    case 'alipay_error':
      return { name: 'alipay_error', code: Number(value) };
  }
  return { name: fragment === '#history' ? 'history' : 'book' };
}

export const view = signal<View>({ name: 'book' });

/** Keeps `view` current; to be called once. */
export function listen(): void {
  const read = () => {
    view.value = viewOf(location.hash);
  };
  addEventListener('hashchange', read);
  read();
}

export function go(fragment: string): void {
  location.hash = fragment;
}

/** Replaces the current view in the history of the browser. */
export function replaceWith(fragment: string): void {
  history.replaceState(null, '', `${location.pathname}${fragment}`);
  view.value = viewOf(fragment);
}
