/** The few controls that all apps are made of. */
import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Link } from '../client/connection';
import { chooseLanguage, language } from './language';
import { chooseTheme, theme } from './theme';
import { complaint, word } from './words';

type Kind = 'main' | 'bad' | 'plain' | '';

interface ActionProps {
  children: ComponentChildren;
  /** While the promise is open the button cannot be pressed again; what it throws is shown under it. */
  act: () => unknown;
  kind?: Kind;
  wide?: boolean;
  disabled?: boolean;
  label?: string;
}

/** A button that does something on the server, once, and says what went wrong. */
export function Action({ children, act, kind = '', wide = false, disabled = false, label }: ActionProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const press = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await act();
    } catch (error) {
      setProblem(complaint(error));
    }
    setBusy(false);
  };
  return (
    <>
      <button
        type="button"
        class={`button ${kind} ${wide ? 'wide' : ''}`}
        disabled={busy || disabled}
        aria-busy={busy}
        aria-label={label}
        onClick={press}
      >
        {children}
      </button>
      {problem !== null && (
        <p class="problem small" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

/** A labelled input. */
export function Field({ label, children }: { label: string; children: JSX.Element }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label class="field">
      <span>{label}</span>
      {children}
    </label>
  );
}

/** A modal dialog, closed by Escape, its button, or the caller; the focus goes back to where it was. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={element} aria-label={title} onClose={onClose}>
      <div class="stack">
        <div class="row spread">
          <h2>{title}</h2>
          <button type="button" class="button plain" aria-label={word('action.close')} onClick={onClose}>
            ✕
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}

interface Said {
  key: number;
  text: string;
}
const said = signal<Said[]>([]);
let count = 0;

/** Say something that passes by itself; screen readers read it out. */
export function say(text: string, forMs = 6000): void {
  const key = ++count;
  said.value = [...said.value, { key, text }];
  setTimeout(() => {
    said.value = said.value.filter((each) => each.key !== key);
  }, forMs);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {said.value.map((each) => (
        <div class="toast" key={each.key}>
          {each.text}
        </div>
      ))}
    </div>
  );
}

/** What the app says of its connection; nothing while all is well. */
export function LinkBanner({ link, onSignIn, onUseHere }: { link: Link; onSignIn: () => void; onUseHere: () => void }) {
  const state = link.state.value;
  if (state === 'replaced') {
    return (
      <div class="banner bad" role="alert">
        <span>{word('link.replaced')}</span>
        <button type="button" class="button" onClick={onUseHere}>
          {word('link.use_here')}
        </button>
      </div>
    );
  }
  if (state === 'signed_out') {
    return (
      <div class="banner bad" role="alert">
        <span>{word('link.signed_out')}</span>
        <button type="button" class="button" onClick={onSignIn}>
          {word('action.sign_in')}
        </button>
      </div>
    );
  }
  const lost = link.lostSince.value !== null;
  return (
    <div role="status" aria-live="polite">
      {state !== 'live' && state !== 'closed' && (
        <div class="banner">{lost ? word('link.lost') : word('link.connecting')}</div>
      )}
    </div>
  );
}

/** Language and theme. */
export function Preferences() {
  const other = language.value === 'en' ? 'zh' : 'en';
  const dark = theme.value === 'dark';
  return (
    <span class="row">
      <button type="button" class="button plain small" lang={other} onClick={() => chooseLanguage(other)}>
        {word('menu.language')}
      </button>
      <button type="button" class="button plain small" onClick={() => chooseTheme(dark ? 'light' : 'dark')}>
        {word(dark ? 'menu.theme_light' : 'menu.theme_dark')}
      </button>
    </span>
  );
}
