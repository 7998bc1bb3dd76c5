/** The options of a ride: time, vehicle class, seats, needs and a note. */
import { useState } from 'preact/hooks';
import type { Connection } from '../client/connection';
import { CLASSES, MAX_SEATS, NEEDS, type Need } from '../client/ride_choices';
import { fromLocalText, inAnHour, toLocalText } from '../ui/city_time';
import { Field } from '../ui/controls';
import { cityZone } from '../ui/formats';
import { wireText } from '../ui/i18n';
import * as draft from './draft';
import { text } from './i18n';

export function When({ connection }: { connection: Connection }) {
  const [isPast, setIsPast] = useState(false);
  const at = draft.at.value;
  const clock = connection.clock;
  const choose = (value: string) => {
    const time = fromLocalText(value, cityZone.value);
    setIsPast(time === null || time < clock.now());
    if (time !== null && time >= clock.now()) draft.at.value = time;
  };
  const now = () => {
    draft.at.value = null;
    setIsPast(false);
  };
  return (
    <fieldset class="choice">
      <legend class="hidden-text">{text('when')}</legend>
      <div class="segments">
        <label>
          <input type="radio" name="when" checked={at === null} onChange={now} />
          <span>{text('now')}</span>
        </label>
        <label>
          <input
            type="radio"
            name="when"
            checked={at !== null}
            disabled={connection.welcome.value === null}
            onChange={() => {
              draft.at.value = inAnHour(clock.now());
            }}
          />
          <span>{text('later')}</span>
        </label>
      </div>
      {at !== null && (
        <Field label={text('when_at')}>
          <input
            type="datetime-local"
            min={toLocalText(clock.now(), cityZone.value)}
            value={toLocalText(at, cityZone.value)}
            onChange={(event) => choose(event.currentTarget.value)}
          />
        </Field>
      )}
      {isPast && (
        <p class="problem small" role="alert">
          {text('when_past')}
        </p>
      )}
    </fieldset>
  );
}

export function RideOptions() {
  const chosen = [
    wireText('class', draft.vehicleClass.value),
    String(draft.seats.value),
    ...draft.needs.value.map((need) => wireText('need', need)),
  ].join(' · ');
  return (
    <details class="card ride-options">
      <summary>
        <span>{text('options')}</span>
        <span class="quiet small">{chosen}</span>
      </summary>
      <div class="stack">
        <VehicleClass />
        <Seats />
        <Needs />
        <Field label={text('note')}>
          <textarea
            rows={2}
            maxLength={200}
            value={draft.note.value}
            onInput={(event) => {
              draft.note.value = event.currentTarget.value;
            }}
          />
        </Field>
      </div>
    </details>
  );
}

function VehicleClass() {
  return (
    <fieldset class="choice">
      <legend class="small quiet">{text('class')}</legend>
      <div class="segments">
        {CLASSES.map((each) => (
          <label key={each}>
            <input
              type="radio"
              name="class"
              checked={draft.vehicleClass.value === each}
              onChange={() => {
                draft.vehicleClass.value = each;
              }}
            />
            <span>{wireText('class', each)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Seats() {
  const change = (by: number) => {
    draft.seats.value = Math.min(MAX_SEATS, Math.max(1, draft.seats.value + by));
  };
  return (
    <div class="row spread">
      <span id="seats">{text('seats')}</span>
      {/* biome-ignore lint/a11y/useSemanticElements: a stepper of two buttons */}
      <span class="row" role="group" aria-labelledby="seats">
        <button
          type="button"
          class="button"
          aria-label={text('seats_fewer')}
          disabled={draft.seats.value <= 1}
          onClick={() => change(-1)}
        >
          −
        </button>
        <output class="number" aria-live="polite">
          {draft.seats.value}
        </output>
        <button
          type="button"
          class="button"
          aria-label={text('seats_more')}
          disabled={draft.seats.value >= MAX_SEATS}
          onClick={() => change(1)}
        >
          +
        </button>
      </span>
    </div>
  );
}

function Needs() {
  const toggle = (need: Need) => {
    const has = draft.needs.value.includes(need);
    draft.needs.value = has ? draft.needs.value.filter((each) => each !== need) : [...draft.needs.value, need];
  };
  return (
    <fieldset class="choice">
      <legend class="small quiet">{text('needs')}</legend>
      {NEEDS.map((need) => (
        <label key={need} class="row check">
          <input type="checkbox" checked={draft.needs.value.includes(need)} onChange={() => toggle(need)} />
          <span>{wireText('need', need)}</span>
        </label>
      ))}
    </fieldset>
  );
}
