/** Which view is wanted stands in the fragment: the phone's back button works, and no server sees it. */
import { signal } from '@preact/signals';

export type View =
  | { name: 'book' }
  | { name: 'history' }
  | { name: 'trip' | 'receipt'; trip: string }
  | { name: 'share'; token: string }
  | { name: 'alipay'; code: string }
  | { name: 'alipay_error'; code: number };

const KEYS = /^#(trip|receipt|share|alipay|alipay_error)=([A-Za-z0-9_.:~%-]+)$/;

export function viewOf(fragment: string): View {
  const found = KEYS.exec(fragment);
  const value = found?.[2] ?? '';
  switch (found?.[1]) {
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

/** Who has subscribed: `listen` to be called once. */
export const view = signal<View>({ name: 'book' });

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

/** Without a step back to where one was. */
export function replaceWith(fragment: string): void {
  history.replaceState(null, '', `${location.pathname}${fragment}`);
  view.value = viewOf(fragment);
}
