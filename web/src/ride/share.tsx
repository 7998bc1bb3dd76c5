/** A link to follow the ride. Its token is in the fragment, which browsers do not send to servers. */
import { useState } from 'preact/hooks';
import { AsyncButton, Field, showToast } from '../ui/controls';
import { longDuration } from '../ui/formats';
import { text } from './i18n';
import type { PassengerStore } from './passenger_store';

export function Share({ store, trip }: { store: PassengerStore; trip: string }) {
  const [link, setLink] = useState<string | null>(null);
  const share = async () => {
    const { token, expires_at } = await store.share(trip);
    const url = `${location.origin}${location.pathname}#share=${token}`;
    if ('share' in navigator && matchMedia('(pointer: coarse)').matches) {
      const sent = await navigator.share({ title: text('share_text'), url }).then(
        () => true,
        (error: DOMException) => error.name === 'AbortError',
      );
      if (sent) return;
    }
    // Without a secure origin, and inside some apps, pages cannot write to the clipboard.
    const copied = await navigator.clipboard?.writeText(url).then(
      () => true,
      () => false,
    );
    if (copied) showToast(text('share_copied', { time: longDuration(expires_at - Date.now() / 1000) }));
    setLink(url);
  };
  return (
    <>
      <AsyncButton wide onPress={share}>
        {text('share')}
      </AsyncButton>
      {link !== null && (
        <Field label={text('share_by_hand')}>
          <input readonly value={link} onFocus={(event) => event.currentTarget.select()} />
        </Field>
      )}
    </>
  );
}
