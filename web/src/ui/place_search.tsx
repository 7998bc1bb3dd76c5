/** An input for a place: a combobox with the places of the city that match the typed text. */
import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { request } from '../client/http';
import type { Place } from '../protocol/messages';
import type { PlaceList } from '../protocol/reads';
import { ErrorNote } from './controls';
import { commonText } from './i18n';
import { useSearch } from './use_search';

interface PlaceSearchProps {
  label: string;
  place: Place | null;
  /** Places near this point (latitude, longitude) come first. */
  near: readonly [number, number];
  token: string;
  onPlace: (place: Place | null) => void;
  onFocus?: () => void;
  required?: boolean;
  /** Shown below the input instead of the number of results. */
  hint?: string | undefined;
  /** Controls beside the input. */
  children?: ComponentChildren;
}

export function PlaceSearch(props: PlaceSearchProps) {
  const { label, place, near, token, onPlace, onFocus, required = false, hint, children } = props;
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const [marked, setMarked] = useState(0);
  const found = useSearch(typed ?? '', (text) =>
    request<PlaceList>('/v1/places', { token, post: { text, near } }).then(({ places }) => places),
  );
  const places = typed === null ? [] : (found.answer ?? []);
  const isOpen = places.length > 0;
  const optionId = (row: number) => `${id}-${row}`;

  const choose = (chosen: Place) => {
    setTyped(null);
    onPlace(chosen);
  };
  const type = (text: string) => {
    setTyped(text);
    setMarked(0);
    if (text === '') onPlace(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const chosen = places[marked];
    if (isOpen && step !== undefined) setMarked((marked + step + places.length) % places.length);
    else if (event.key === 'Enter' && chosen !== undefined) choose(chosen);
    else if (event.key === 'Escape' && typed !== null) setTyped(null);
    // Enter must not submit a form whose place is not the text that is shown.
    else if (event.key !== 'Enter' || typed === null) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="place">
      <label class="field" for={`${id}-input`}>
        <span>{label}</span>
      </label>
      <div class="row place-row">
        <input
          id={`${id}-input`}
          class="grow"
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={isOpen}
          aria-controls={id}
          aria-activedescendant={isOpen ? optionId(marked) : undefined}
          aria-describedby={`${id}-status`}
          autocomplete="off"
          spellcheck={false}
          enterkeyhint="search"
          placeholder={commonText('place.hint')}
          maxLength={120}
          required={required}
          value={typed ?? (place === null ? '' : placeText(place))}
          onFocus={(event) => {
            event.currentTarget.select();
            onFocus?.();
          }}
          onInput={(event) => type(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onBlur={() => setTyped(null)}
        />
        {place !== null && (
          <button
            type="button"
            class="button plain"
            aria-label={`${commonText('place.clear')}: ${label}`}
            onClick={() => type('')}
          >
            ✕
          </button>
        )}
        {children}
      </div>
      <div id={id} role="listbox" aria-label={label} class="found" hidden={!isOpen}>
        {places.map((each, row) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the input keeps the focus and names the active option
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input handles the keys
          <div
            key={`${each.lat},${each.lng},${each.text}`}
            id={optionId(row)}
            role="option"
            aria-selected={row === marked}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(each)}
          >
            {placeText(each)}
          </div>
        ))}
      </div>
      <p id={`${id}-status`} class={isOpen ? 'hidden-text' : 'small quiet'} role="status">
        {hint ?? (typed !== null && found.answer !== null && resultText(places.length))}
      </p>
      {typed !== null && <ErrorNote error={found.error} />}
    </div>
  );
}

function resultText(count: number): string {
  return commonText(count === 0 ? 'place.none' : 'place.found', { count });
}

/** The name of a place, or its coordinates if it has none. */
export function placeText(place: Place): string {
  return place.text || `${commonText('place.point')} ${place.lat.toFixed(5)}, ${place.lng.toFixed(5)}`;
}

/** The name of the place at a point; empty if there is none or the request fails. */
export async function placeNameAt(lat: number, lng: number, token: string): Promise<string> {
  const found = await request<PlaceList>('/v1/places/at', { token, post: { lat, lng } }).catch(() => null);
  return found?.places[0]?.text ?? '';
}
