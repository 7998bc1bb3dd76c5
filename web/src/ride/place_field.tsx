/** A place by its name: a combobox whose list comes from the city's own places. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Place } from '../protocol/messages';
import { complaint } from '../ui/words';
import { placeName, placesLike } from './places';
import { text } from './text';

const TYPING_MS = 250;
const SHORTEST = 2;

interface PlaceFieldProps {
  label: string;
  place: Place | null;
  near: [number, number];
  token: string;
  onChoose: (place: Place | null) => void;
  onFocus: () => void;
  /** Stands beside the input. */
  children?: ComponentChildren;
}

interface Found {
  places: Place[];
  problem: string | null;
}

export function PlaceField({ label, place, near, token, onChoose, onFocus, children }: PlaceFieldProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const [marked, setMarked] = useState(0);
  const found = useFound(typed, near, token);
  const list = useId();
  const places = typed === null ? [] : found.places;

  const choose = (chosen: Place) => {
    setTyped(null);
    onChoose(chosen);
  };
  const type = (value: string) => {
    setTyped(value);
    setMarked(0);
    if (value === '') onChoose(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') setTyped(null);
    if (places.length === 0) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setMarked((marked + step + places.length) % places.length);
    const chosen = places[marked];
    if (event.key === 'Enter' && chosen !== undefined) choose(chosen);
    if (step !== undefined || event.key === 'Enter') event.preventDefault();
  };
  const optionId = (at: number) => `${list}-${at}`;
  return (
    <div class="place">
      <label class="field" for={`${list}-input`}>
        <span>{label}</span>
      </label>
      <div class="row place-row">
        <input
          id={`${list}-input`}
          class="grow"
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={places.length > 0}
          aria-controls={list}
          aria-activedescendant={places.length > 0 ? optionId(marked) : undefined}
          autocomplete="off"
          spellcheck={false}
          enterkeyhint="search"
          placeholder={text('where_from_hint')}
          maxLength={120}
          value={typed ?? placeName(place ?? undefined)}
          onFocus={(event) => {
            event.currentTarget.select();
            onFocus();
          }}
          onInput={(event) => type(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onBlur={() => setTyped(null)}
        />
        {place !== null && (
          <button type="button" class="button plain" aria-label={`${text('clear')}: ${label}`} onClick={() => type('')}>
            ✕
          </button>
        )}
        {children}
      </div>
      <div id={list} role="listbox" aria-label={label} class="found" hidden={places.length === 0}>
        {places.map((each, at) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the input, which names the active option
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input hears the keys
          <div
            key={`${each.lat},${each.lng},${each.text}`}
            id={optionId(at)}
            role="option"
            aria-selected={at === marked}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(each)}
          >
            {placeName(each)}
          </div>
        ))}
      </div>
      <p class="small quiet" role="status">
        {typed !== null && typed.length >= SHORTEST && found.asked === typed && places.length === 0 && text('no_place')}
        {places.length > 0 && <span class="hidden-text">{text('places_found', { count: places.length })}</span>}
      </p>
      {found.problem !== null && typed !== null && (
        <p class="small problem" role="alert">
          {found.problem}
        </p>
      )}
    </div>
  );
}

/** What fits to what was typed, once the typing pauses. */
function useFound(typed: string | null, near: [number, number], token: string): Found & { asked: string } {
  const [found, setFound] = useState<Found & { asked: string }>({ places: [], problem: null, asked: '' });
  const around = useRef(near);
  around.current = near;
  useEffect(() => {
    const wanted = typed?.trim() ?? '';
    if (wanted.length < SHORTEST) {
      setFound({ places: [], problem: null, asked: '' });
      return;
    }
    let stale = false;
    const timer = setTimeout(async () => {
      const answer = await placesLike(wanted, around.current, token).then(
        (places): Found => ({ places, problem: null }),
        (error): Found => ({ places: [], problem: complaint(error) }),
      );
      if (!stale) setFound({ ...answer, asked: typed ?? '' });
    }, TYPING_MS);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [typed, token]);
  return found;
}
