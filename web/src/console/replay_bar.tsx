/** The controls of a replay: play and pause, time, speed, and the list of events. */
import { useState } from 'preact/hooks';
import { clockSeconds, clockTime, dayAndTime } from '../ui/formats';
import { commonText, errorText, wireText } from '../ui/i18n';
import { useConsole } from './console_state';
import { text } from './i18n';
import { SPEEDS } from './replay_clock';
import type { ReplayPlayer } from './replay_player';
import { eventText } from './texts';

const LISTED = 60;

export function ReplayBar() {
  const consoleState = useConsole();
  const replay = consoleState.replay.value;
  const [listed, setListed] = useState(true);
  if (replay === null) return null;
  const at = replay.at.value;
  return (
    <section class="replay" aria-label={text('start.replay')}>
      <div class="replay-bar">
        <strong class="past-mark">{text('replay.past')}</strong>
        <span class="number">{dayAndTime(at)}</span>
        <button type="button" class="button small" onClick={() => replay.toggle()}>
          {text(replay.playing.value ? 'replay.pause' : 'replay.play')}
        </button>
        <label class="grow scrub">
          <span class="hidden-text">{text('replay.scrub')}</span>
          <input
            type="range"
            min={replay.clock.begin}
            max={replay.clock.end}
            step={5}
            value={at}
            aria-valuetext={clockSeconds(at)}
            onInput={(event) => replay.seek(event.currentTarget.valueAsNumber)}
          />
        </label>
        <label>
          <span class="hidden-text">{text('replay.speed')}</span>
          <select value={replay.clock.speed} onChange={(event) => replay.setSpeed(Number(event.currentTarget.value))}>
            {SPEEDS.map((each) => (
              <option key={each} value={each}>
                {each} ×
              </option>
            ))}
          </select>
        </label>
        <Follow replay={replay} />
        <button type="button" class="button small" aria-expanded={listed} onClick={() => setListed(!listed)}>
          {text('replay.moments')}
        </button>
        <button
          type="button"
          class="button small main"
          aria-keyshortcuts="n"
          onClick={() => consoleState.closeReplay()}
        >
          {text('replay.to_now')}
        </button>
      </div>
      <Status replay={replay} />
      {listed && <Moments replay={replay} />}
    </section>
  );
}

function Status({ replay }: { replay: ReplayPlayer }) {
  const error = replay.error.value;
  if (error !== null) {
    return (
      <p class="problem small" role="alert">
        {errorText(error)}{' '}
        <button type="button" class="linked" onClick={() => replay.retry()}>
          {commonText('action.retry')}
        </button>
      </p>
    );
  }
  if (replay.loading.value) return <p class="quiet small">{commonText('loading')}</p>;
  if (replay.at.value > replay.archivedUntil.value) return <p class="quiet small">{text('replay.not_archived')}</p>;
  return null;
}

function Follow({ replay }: { replay: ReplayPlayer }) {
  const { store } = useConsole();
  const trip = replay.followed.value === null ? undefined : replay.trips.value.get(replay.followed.value);
  const name = trip?.vehicle ?? replay.followed.value ?? '';
  if (replay.followed.value === null) return null;
  return (
    <button
      type="button"
      class="button small"
      onClick={() => {
        replay.followed.value = null;
      }}
    >
      {text('replay.unfollow', { what: store.fleet.value.get(name)?.plate ?? name.slice(-6) })}
    </button>
  );
}

function Moments({ replay }: { replay: ReplayPlayer }) {
  const { store } = useConsole();
  const followed = replay.followed.value;
  const moments = replay.moments.value.filter(
    (each) => followed === null || each.trip === followed || each.vehicle === followed,
  );
  const at = replay.at.value;
  const next = moments.findIndex((each) => each.at > at);
  const now = next < 0 ? moments.length : next;
  const shown = moments.slice(Math.max(0, now - LISTED / 2), now + LISTED / 2);
  return (
    <ol class="moments" aria-label={text('replay.moments')}>
      {shown.length === 0 && <li class="quiet small">{text('replay.no_moments')}</li>}
      {shown.map((each) => (
        <li key={`${each.trip} ${each.at} ${each.event}`} class={each.at > at ? 'ahead' : ''}>
          <button
            type="button"
            class="moment"
            onClick={() => {
              replay.seek(each.at);
              replay.followed.value = each.trip;
            }}
          >
            <time class="number">{clockTime(each.at)}</time> {eventText(each.event)}
            <span class="quiet small">
              {' '}
              {wireText('trip', each.state)}
              {each.vehicle && ` · ${store.fleet.value.get(each.vehicle)?.plate ?? each.vehicle}`}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}
