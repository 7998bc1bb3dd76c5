/** A table whose rows are reached with the arrow keys; the first cell of a row contains the button that opens it. */
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';

interface RowsProps {
  label: string;
  heads: readonly string[];
  children: ComponentChildren;
}

export function Rows({ label, heads, children }: RowsProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const walk = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    const buttons = [...(body.current?.querySelectorAll<HTMLElement>('.row-open') ?? [])];
    const here = buttons.indexOf(document.activeElement as HTMLElement);
    const step = steps[event.key];
    if (here < 0 || (step === undefined && event.key !== 'Home' && event.key !== 'End')) return;
    const wanted = event.key === 'Home' ? 0 : event.key === 'End' ? buttons.length - 1 : here + (step ?? 0);
    buttons[Math.max(0, Math.min(buttons.length - 1, wanted))]?.focus();
    event.preventDefault();
  };
  return (
    <table class="rows" aria-label={label}>
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body} onKeyDown={walk}>
        {children}
      </tbody>
    </table>
  );
}

interface OpenProps {
  open: () => void;
  chosen: boolean;
  children: ComponentChildren;
}

export function RowButton({ open, chosen, children }: OpenProps) {
  return (
    <button type="button" class="row-open" aria-current={chosen} onClick={open}>
      {children}
    </button>
  );
}

/** The most rows that a list shows, so that it renders quickly. */
export const MAX_ROWS = 150;
