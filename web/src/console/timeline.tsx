/** What happened, the oldest first. */
import { clockSeconds } from '../shell/formats';
import type { Happening } from '../wire/reads';
import { eventWords, factWords } from './event_words';
import { text } from './texts';

export function Timeline({ happenings }: { happenings: readonly Happening[] }) {
  if (happenings.length === 0) return <p class="quiet small">{text('timeline.none')}</p>;
  return (
    <ol class="timeline">
      {happenings.map((each) => (
        <li key={each.seq}>
          <time class="number quiet small">{clockSeconds(each.at)}</time>
          <div>
            <p>{eventWords(each.event)}</p>
            <p class="quiet small break">{factWords(each)}</p>
          </div>
        </li>
      ))}
    </ol>
  );
}
