/** The past that is played: clearly marked, paused and moved by keys, with what happened listed beside. */
import { useState } from 'preact/hooks';
import { clockSeconds, clockTime, dayAndTime } from '../ui/formats';
import { complaint, named, word } from '../ui/words';
import { useWorkplace } from './console_state';
import { eventWords } from './event_texts';
import { SPEEDS } from './replay_clock';
import type { ReplayDesk } from './replay_player';
import { text } from './texts';

const LISTED = 60;

export function ReplayBar() {
  const workplace = useWorkplace();
  const replay = workplace.replay.value;
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
          <select value={replay.clock.times} onChange={(event) => replay.run(Number(event.currentTarget.value))}>
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
        <button type="button" class="button small main" aria-keyshortcuts="n" onClick={() => workplace.toNow()}>
          {text('replay.to_now')}
        </button>
      </div>
      <Said replay={replay} />
      {listed && <Moments replay={replay} />}
    </section>
  );
}

function Said({ replay }: { replay: ReplayDesk }) {
  const problem = replay.problem.value;
  if (problem !== null) {
    return (
      <p class="problem small" role="alert">
        {complaint(problem)}{' '}
        <button type="button" class="linked" onClick={() => replay.again()}>
          {word('action.retry')}
        </button>
      </p>
    );
  }
  if (replay.loading.value) return <p class="quiet small">{text('loading')}</p>;
  if (replay.at.value > replay.archivedUntil.value) return <p class="quiet small">{text('replay.not_archived')}</p>;
  return null;
}

function Follow({ replay }: { replay: ReplayDesk }) {
  const { desk } = useWorkplace();
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
      {text('replay.unfollow', { what: desk.fleet.value.get(name)?.plate ?? name.slice(-6) })}
    </button>
  );
}

function Moments({ replay }: { replay: ReplayDesk }) {
  const { desk } = useWorkplace();
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
            <time class="number">{clockTime(each.at)}</time> {eventWords(each.event)}
            <span class="quiet small">
              {' '}
              {named('trip', each.state)}
              {each.vehicle && ` · ${desk.fleet.value.get(each.vehicle)?.plate ?? each.vehicle}`}
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}
