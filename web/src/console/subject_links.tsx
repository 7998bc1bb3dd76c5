/** Buttons that open a car or a trip. */
import { useConsole } from './console_state';
import { text } from './i18n';

export function CarLink({ vehicle, name }: { vehicle: string; name: string }) {
  const consoleState = useConsole();
  return (
    <button type="button" class="linked" onClick={() => consoleState.choose({ kind: 'car', id: vehicle })}>
      {name}
    </button>
  );
}

export function TripLink({ trip }: { trip: string }) {
  const consoleState = useConsole();
  return (
    <button type="button" class="linked" onClick={() => consoleState.choose({ kind: 'trip', id: trip })}>
      {text('trip.open', { trip: trip.slice(-6) })}
    </button>
  );
}
