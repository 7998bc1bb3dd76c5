/** A link by which somebody else may follow the ride. Its token stands in the fragment, which no server sees. */
import { useState } from 'preact/hooks';
import { Action, Field, say } from '../ui/controls';
import { lasting } from './lasting';
import type { Model } from './passenger_store';
import { text } from './text';

export function Share({ model, trip }: { model: Model; trip: string }) {
  const [byHand, setByHand] = useState<string | null>(null);
  const share = async () => {
    const { token, expires_at } = await model.share(trip);
    const url = `${location.origin}${location.pathname}#share=${token}`;
    if ('share' in navigator && matchMedia('(pointer: coarse)').matches) {
      const sent = await navigator.share({ title: text('share_text'), url }).then(
        () => true,
        (error: DOMException) => error.name === 'AbortError',
      );
      if (sent) return;
    }
    // Without a secure origin, and inside some apps, a page may not write to the clipboard.
    const copied = await navigator.clipboard?.writeText(url).then(
      () => true,
      () => false,
    );
    if (copied) say(text('share_copied', { time: lasting(expires_at - Date.now() / 1000) }));
    setByHand(url);
  };
  return (
    <>
      <Action wide act={share}>
        {text('share')}
      </Action>
      {byHand !== null && (
        <Field label={text('share_by_hand')}>
          <input readonly value={byHand} onFocus={(event) => event.currentTarget.select()} />
        </Field>
      )}
    </>
  );
}
