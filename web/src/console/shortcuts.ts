/** Keyboard shortcuts of single keys. They can be turned off for users whose speech input or screen reader types letters. */
import { signal } from '@preact/signals';
import { type ConsoleState, HEATS, TABS } from './console_state';

const KEY = 'taxi.console.shortcuts';

export const shortcutsOn = signal(localStorage.getItem(KEY) !== 'off');

export function turnShortcuts(on: boolean): void {
  localStorage.setItem(KEY, on ? 'on' : 'off');
  shortcutsOn.value = on;
}

/** In the order of the help. */
export const SHORTCUTS = ['b', '/', 'm', 'r', 'n', '1', 'a', 'c', 'h', 'Escape', '?'] as const;

export function listenForShortcuts(consoleState: ConsoleState): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === 'Escape') {
      closeTopmost(consoleState);
      return;
    }
    if (!shortcutsOn.value || isTyping(event.target) || document.querySelector('dialog[open]') !== null) return;
    if (press(consoleState, event.key)) event.preventDefault();
  };
  addEventListener('keydown', onKeyDown);
  return () => removeEventListener('keydown', onKeyDown);
}

function closeTopmost(consoleState: ConsoleState): void {
  if (document.querySelector('dialog[open]') !== null) return; // the browser closes the dialog
  if (consoleState.pickPoint.value !== null) consoleState.pickPoint.value = null;
  else if (consoleState.action.value !== null) consoleState.action.value = null;
  else consoleState.store.chosen.value = null;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select') !== null;
}

function press(consoleState: ConsoleState, key: string): boolean {
  const { action, store } = consoleState;
  const chosen = store.chosen.value;
  const actions: Record<string, () => void> = {
    b: () => {
      action.value = { kind: 'book' };
    },
    '/': () => {
      action.value = { kind: 'search' };
    },
    m: () => {
      action.value = { kind: 'broadcast' };
    },
    r: () => {
      action.value = { kind: 'replay' };
    },
    '?': () => {
      action.value = { kind: 'help' };
    },
    n: () => consoleState.closeReplay(),
    a: () => {
      action.value =
        chosen === null
          ? { kind: 'assign' }
          : { kind: 'assign', [chosen.kind === 'car' ? 'vehicle' : 'trip']: chosen.id };
    },
    c: () => {
      if (chosen?.kind === 'trip') action.value = { kind: 'cancel', trip: chosen.id };
    },
    h: () => {
      const next = (HEATS.indexOf(consoleState.heat.value) + 1) % HEATS.length;
      consoleState.heat.value = HEATS[next] ?? 'none';
    },
  };
  const tab = TABS[Number(key) - 1];
  if (tab !== undefined) {
    consoleState.tab.value = tab;
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.list .row-open, .list button')?.focus());
    return true;
  }
  actions[key]?.();
  return key in actions;
}
