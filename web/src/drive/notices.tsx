/** Messages of the dispatch office: each new one in a dialog, and those of the last 12 hours in a list. */
import { useEffect, useRef } from 'preact/hooks';
import { request } from '../client/http';
import type { Notice } from '../protocol/messages';
import type { NoticeList } from '../protocol/reads';
import { Dialog } from '../ui/controls';
import { clockTime } from '../ui/formats';
import { LoadState, useLoaded } from '../ui/use_loaded';
import type { DriverStore } from './driver_store';
import { text } from './i18n';
import { vibrate } from './offer_alert';

function Message({ notice }: { notice: Notice }) {
  return (
    <>
      <p class="message">{notice.text}</p>
      <p class="quiet small">{text('notice.from', { by: notice.by, time: clockTime(notice.at) })}</p>
    </>
  );
}

/** The oldest unread message, in front of everything but an offer. */
export function NewNotice({ store }: { store: DriverStore }) {
  const notice = store.notices.value[0];
  useEffect(() => {
    if (notice !== undefined) vibrate([60, 60, 60]);
  }, [notice]);
  // An offer unmounts the dialog, which closes it: the message is then still unread.
  const mounted = useRef(true);
  useEffect(() => {
    mounted.current = true;
    return () => {
      mounted.current = false;
    };
  }, []);
  if (notice === undefined) return null;
  const markRead = () => {
    if (mounted.current) store.markRead(notice.notice);
  };
  return (
    <Dialog title={text('notice.title')} onClose={markRead} key={notice.notice}>
      <Message notice={notice} />
      <button type="button" class="button main wide" onClick={markRead}>
        {text('notice.read')}
      </button>
    </Dialog>
  );
}

export function Notices({ store, onClose }: { store: DriverStore; onClose: () => void }) {
  const loaded = useLoaded(() => request<NoticeList>('/v1/my/notices', { token: store.signedIn.token }));
  const notices = loaded.value?.notices;
  return (
    <Dialog title={text('bar.notices')} onClose={onClose}>
      <h3>{text('notice.all')}</h3>
      {notices === undefined && <LoadState loaded={loaded} />}
      {notices?.length === 0 && <p class="quiet">{text('notice.none')}</p>}
      <ul class="list">
        {notices?.map((notice) => (
          <li key={notice.notice}>
            <Message notice={notice} />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
