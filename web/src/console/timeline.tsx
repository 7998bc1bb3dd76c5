/** What happened, the oldest first. */

import type { TimelineEvent } from '../protocol/reads';
import { clockSeconds } from '../ui/formats';
import { eventWords } from './event_texts';
import { factWords } from './fact_texts';
import { text } from './texts';

interface Told {
  happenings: readonly TimelineEvent[];
  /** What an event is called. */
  call?: (event: string) => string;
}

export function Timeline({ happenings, call = eventWords }: Told) {
  if (happenings.length === 0) return <p class="quiet small">{text('timeline.none')}</p>;
  return (
    <ol class="timeline">
      {happenings.map((each) => (
        <li key={each.seq}>
          <time class="number quiet small">{clockSeconds(each.at)}</time>
          <div>
            <p>{call(each.event)}</p>
            <p class="quiet small break">{factWords(each)}</p>
          </div>
        </li>
      ))}
    </ol>
  );
}
