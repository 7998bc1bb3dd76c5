/** A list of events with their facts, the oldest first. */
import type { TimelineEvent } from '../protocol/reads';
import { clockSeconds } from '../ui/formats';
import { factText } from './fact_texts';
import { text } from './i18n';
import { eventText } from './texts';

interface TimelineProps {
  events: readonly TimelineEvent[];
  /** The text of an event. */
  eventName?: (event: string) => string;
}

export function Timeline({ events, eventName = eventText }: TimelineProps) {
  if (events.length === 0) return <p class="quiet small">{text('timeline.none')}</p>;
  return (
    <ol class="timeline">
      {events.map((each) => (
        <li key={each.seq}>
          <time class="number quiet small">{clockSeconds(each.at)}</time>
          <div>
            <p>{eventName(each.event)}</p>
            <p class="quiet small break">{factText(each)}</p>
          </div>
        </li>
      ))}
    </ol>
  );
}
