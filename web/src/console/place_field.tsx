/** A place that a person names: an address with suggestions, or a point on the map. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Place } from '../protocol/messages';
import type { PlaceList } from '../protocol/reads';
import { complaint } from '../ui/words';
import { useWorkplace } from './console_state';
import { text } from './texts';
import { placeWords } from './trip_texts';

interface PlaceFieldProps {
  id: string;
  label: string;
  place: Place | undefined;
  onPlace: (place: Place | undefined) => void;
  required?: boolean;
}

const QUIET_MS = 200;

export function PlaceField({ id, label, place, onPlace, required = false }: PlaceFieldProps) {
  const workplace = useWorkplace();
  const { desk } = workplace;
  const [words, setWords] = useState(place === undefined ? '' : placeWords(place));
  const [found, setFound] = useState<readonly Place[]>([]);
  const [at, setAt] = useState(0);
  const [told, setTold] = useState('');
  const typed = useRef(false);
  useEffect(() => {
    if (place !== undefined) setWords(placeWords(place));
  }, [place]);
  useEffect(() => {
    const question = words.trim();
    if (!typed.current || question.length < 2) {
      setFound([]);
      return;
    }
    let open = true;
    const timer = setTimeout(() => {
      desk.post<PlaceList>('/v1/places', { text: question, near: desk.city.center }).then(
        ({ places }) => {
          if (!open || !typed.current) return;
          setFound(places);
          setAt(0);
          setTold(text(places.length === 0 ? 'place.nothing' : 'place.found', { count: places.length }));
        },
        (error) => open && setTold(complaint(error)),
      );
    }, QUIET_MS);
    return () => {
      open = false;
      clearTimeout(timer);
    };
  }, [words, desk]);
  const take = (chosen: Place) => {
    typed.current = false;
    setFound([]);
    setTold('');
    setWords(placeWords(chosen));
    onPlace(chosen);
  };
  const key = (event: KeyboardEvent) => {
    if (found.length === 0) return;
    const chosen = found[at];
    if (event.key === 'ArrowDown') setAt((at + 1) % found.length);
    else if (event.key === 'ArrowUp') setAt((at + found.length - 1) % found.length);
    else if (event.key === 'Enter' && chosen !== undefined) take(chosen);
    else if (event.key === 'Escape') setFound([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onMap = workplace.pickPoint.value?.what === id;
  return (
    <div class="field place">
      <label for={id}>{label}</label>
      <div class="row">
        <input
          id={id}
          class="grow"
          role="combobox"
          autocomplete="off"
          aria-expanded={found.length > 0}
          aria-controls={`${id}-found`}
          aria-autocomplete="list"
          aria-activedescendant={found.length > 0 ? `${id}-${at}` : undefined}
          aria-describedby={`${id}-told`}
          required={required}
          value={words}
          onInput={(event) => {
            typed.current = true;
            setWords(event.currentTarget.value);
            if (place !== undefined) onPlace(undefined);
          }}
          onKeyDown={key}
          onBlur={() => setTimeout(() => setFound([]), 150)}
        />
        {workplace.map.value !== null && (
          <button
            type="button"
            class="button"
            aria-pressed={onMap}
            aria-label={text('place.on_map', { what: label })}
            onClick={() => {
              workplace.pickPoint.value = onMap ? null : { what: id, take };
            }}
          >
            <Crosshair />
          </button>
        )}
      </div>
      <div id={`${id}-found`} role="listbox" aria-label={label} class="found" hidden={found.length === 0}>
        {found.map((each, row) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the input keeps the focus and names the active option
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the input's
          <div
            key={`${each.lat} ${each.lng} ${each.text}`}
            id={`${id}-${row}`}
            role="option"
            aria-selected={row === at}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(each)}
          >
            {placeWords(each)}
          </div>
        ))}
      </div>
      <p id={`${id}-told`} class="quiet small" role="status">
        {onMap ? text('place.click_map') : told}
      </p>
    </div>
  );
}

function Crosshair() {
  return (
    <svg
      width="20"
      height="20"
      viewBox="0 0 20 20"
      aria-hidden="true"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
    >
      <circle cx="10" cy="10" r="5" />
      <path d="M10 1v5M10 14v5M1 10h5M14 10h5" />
    </svg>
  );
}
