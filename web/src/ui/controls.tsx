/** Controls that all apps share: buttons, fields, dialogs, errors, toasts and the connection banner. */
import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Connection } from '../client/connection';
import { commonText, errorText } from './i18n';
import { chooseLanguage, language } from './i18n/language';
import { chooseTheme, theme } from './theme';

/** Runs one action at a time and keeps the error that it threw. */
export function useAttempt() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const attempt = async (act: () => unknown): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await act();
    } catch (thrown) {
      setError(thrown);
    }
    setBusy(false);
  };
  return { busy, error, attempt };
}

/** The message for an error; nothing for null. */
export function ErrorNote({ error }: { error: unknown }) {
  if (error === null || error === undefined) return null;
  return (
    <p class="problem small" role="alert">
      {typeof error === 'string' ? error : errorText(error)}
    </p>
  );
}

interface AsyncButtonProps {
  children: ComponentChildren;
  /** While its promise is pending the button is disabled; an error that it throws is shown below the button. */
  onPress: () => unknown;
  kind?: 'main' | 'bad' | 'plain' | '';
  wide?: boolean;
  disabled?: boolean;
}

export function AsyncButton({ children, onPress, kind = '', wide = false, disabled = false }: AsyncButtonProps) {
  const { busy, error, attempt } = useAttempt();
  return (
    <>
      <button
        type="button"
        class={`button ${kind} ${wide ? 'wide' : ''}`}
        disabled={busy || disabled}
        aria-busy={busy}
        onClick={() => attempt(onPress)}
      >
        {children}
      </button>
      <ErrorNote error={error} />
    </>
  );
}

/** An input with its label. */
export function Field({ label, children }: { label: string; children: JSX.Element }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label class="field">
      <span>{label}</span>
      {children}
    </label>
  );
}

/** A modal dialog. Escape and its button close it, and the focus returns to the element that had it before. */
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
          <button type="button" class="button plain" aria-label={commonText('action.close')} onClick={onClose}>
            ✕
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}

interface Toast {
  key: number;
  text: string;
}
const toasts = signal<Toast[]>([]);
let toastCount = 0;

/** Shows a message for `forMs`; screen readers announce it. */
export function showToast(text: string, forMs = 6000): void {
  const key = ++toastCount;
  toasts.value = [...toasts.value, { key, text }];
  setTimeout(() => {
    toasts.value = toasts.value.filter((each) => each.key !== key);
  }, forMs);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((each) => (
        <div class="toast" key={each.key}>
          {each.text}
        </div>
      ))}
    </div>
  );
}

/** The state of the connection; nothing while it is live. */
export function ConnectionBanner({
  connection,
  onSignIn,
  onUseHere,
}: {
  connection: Connection;
  onSignIn: () => void;
  onUseHere: () => void;
}) {
  const state = connection.state.value;
  if (state === 'replaced' || state === 'signed_out') {
    const replaced = state === 'replaced';
    return (
      <div class="banner bad" role="alert">
        <span>{commonText(replaced ? 'connection.replaced' : 'connection.signed_out')}</span>
        <button type="button" class="button" onClick={replaced ? onUseHere : onSignIn}>
          {commonText(replaced ? 'connection.use_here' : 'action.sign_in')}
        </button>
      </div>
    );
  }
  const lost = connection.lostSince.value !== null;
  return (
    <div role="status" aria-live="polite">
      {state !== 'live' && state !== 'closed' && (
        <div class="banner">{commonText(lost ? 'connection.lost' : 'connection.connecting')}</div>
      )}
    </div>
  );
}

/** Buttons for language and theme. */
export function Preferences() {
  const other = language.value === 'en' ? 'zh' : 'en';
  const dark = theme.value === 'dark';
  return (
    <span class="row">
      <button type="button" class="button plain small" lang={other} onClick={() => chooseLanguage(other)}>
        {commonText('menu.language')}
      </button>
      <button type="button" class="button plain small" onClick={() => chooseTheme(dark ? 'light' : 'dark')}>
        {commonText(dark ? 'menu.theme_light' : 'menu.theme_dark')}
      </button>
    </span>
  );
}
