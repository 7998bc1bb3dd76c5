/** Names of cars and trips that open them. */

import { useWorkplace } from './console_state';
import { text } from './texts';

export function CarLink({ vehicle, words }: { vehicle: string; words: string }) {
  const workplace = useWorkplace();
  return (
    <button type="button" class="linked" onClick={() => workplace.choose({ kind: 'car', id: vehicle })}>
      {words}
    </button>
  );
}

export function TripLink({ trip }: { trip: string }) {
  const workplace = useWorkplace();
  return (
    <button type="button" class="linked" onClick={() => workplace.choose({ kind: 'trip', id: trip })}>
      {text('trip.open', { trip: trip.slice(-6) })}
    </button>
  );
}
