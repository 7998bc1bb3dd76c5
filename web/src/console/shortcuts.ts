/** Single keys that begin something. They can be turned off, for those whose speech or screen reader types letters. */
import { signal } from '@preact/signals';
import { HEATS, TABS, type Workplace } from './console_state';

const KEY = 'taxi.console.shortcuts';

export const shortcutsOn = signal(localStorage.getItem(KEY) !== 'off');

export function turnShortcuts(on: boolean): void {
  localStorage.setItem(KEY, on ? 'on' : 'off');
  shortcutsOn.value = on;
}

/** In the order in which help lists them. */
export const SHORTCUTS = ['b', '/', 'm', 'r', 'n', '1', 'a', 'c', 'h', 'Escape', '?'] as const;

export function listenForShortcuts(workplace: Workplace): () => void {
  const hear = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === 'Escape') {
      leave(workplace);
      return;
    }
    if (!shortcutsOn.value || isTyping(event.target) || document.querySelector('dialog[open]') !== null) return;
    if (press(workplace, event.key)) event.preventDefault();
  };
  addEventListener('keydown', hear);
  return () => removeEventListener('keydown', hear);
}

function leave(workplace: Workplace): void {
  if (document.querySelector('dialog[open]') !== null) return; // the dialog closes itself
  if (workplace.pickPoint.value !== null) workplace.pickPoint.value = null;
  else if (workplace.act.value !== null) workplace.act.value = null;
  else workplace.desk.chosen.value = null;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select') !== null;
}

function press(workplace: Workplace, key: string): boolean {
  const { act, desk } = workplace;
  const chosen = desk.chosen.value;
  const acts: Record<string, () => void> = {
    b: () => {
      act.value = { kind: 'book' };
    },
    '/': () => {
      act.value = { kind: 'search' };
    },
    m: () => {
      act.value = { kind: 'broadcast' };
    },
    r: () => {
      act.value = { kind: 'replay' };
    },
    '?': () => {
      act.value = { kind: 'help' };
    },
    n: () => workplace.toNow(),
    a: () => {
      act.value =
        chosen === null
          ? { kind: 'assign' }
          : { kind: 'assign', [chosen.kind === 'car' ? 'vehicle' : 'trip']: chosen.id };
    },
    c: () => {
      if (chosen?.kind === 'trip') act.value = { kind: 'cancel', trip: chosen.id };
    },
    h: () => {
      const next = (HEATS.indexOf(workplace.heat.value) + 1) % HEATS.length;
      workplace.heat.value = HEATS[next] ?? 'none';
    },
  };
  const tab = TABS[Number(key) - 1];
  if (tab !== undefined) {
    workplace.tab.value = tab;
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.list .row-open, .list button')?.focus());
    return true;
  }
  acts[key]?.();
  return key in acts;
}
