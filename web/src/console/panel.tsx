/** A panel beside the map. Its heading gets the focus when it opens; Escape and a button close it. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { commonText } from '../ui/i18n';

interface PanelProps {
  title: ComponentChildren;
  label: string;
  onClose: () => void;
  children: ComponentChildren;
}

export function Panel({ title, label, onClose, children }: PanelProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    heading.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <aside class="beside" aria-label={label}>
      <div class="row spread beside-head">
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" class="button plain" aria-label={commonText('action.close')} onClick={onClose}>
          ✕
        </button>
      </div>
      <div class="stack beside-body">{children}</div>
    </aside>
  );
}

/** Facts as a list of names and values, without empty values. */
export function FactList({ facts }: { facts: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

export function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="stack part">
      <h3>{title}</h3>
      {children}
    </section>
  );
}
