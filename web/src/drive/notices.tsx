/** What the office says: at once when it comes, and for 12 hours in a list. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask } from '../client/http';
import type { Notice } from '../protocol/messages';
import type { NoticeList } from '../protocol/reads';
import { Dialog } from '../ui/controls';
import { clockTime } from '../ui/formats';
import { complaint } from '../ui/words';
import type { Cab } from './driver_store';
import { shake } from './offer_alert';
import { text } from './texts';

function Said({ notice }: { notice: Notice }) {
  return (
    <>
      <p class="said">{notice.text}</p>
      <p class="quiet small">{text('notice.from', { by: notice.by, time: clockTime(notice.at) })}</p>
    </>
  );
}

/** The oldest one that was not read yet, in front of everything but an offer. */
export function NewNotice({ cab }: { cab: Cab }) {
  const notice = cab.notices.value[0];
  useEffect(() => {
    if (notice !== undefined) shake([60, 60, 60]);
  }, [notice]);
  // An offer takes the dialog away, which closes it: that is not reading.
  const there = useRef(true);
  useEffect(() => {
    there.current = true;
    return () => {
      there.current = false;
    };
  }, []);
  if (notice === undefined) return null;
  const read = () => {
    if (there.current) cab.readNotice(notice.notice);
  };
  return (
    <Dialog title={text('notice.title')} onClose={read} key={notice.notice}>
      <Said notice={notice} />
      <button type="button" class="button main wide" onClick={read}>
        {text('notice.read')}
      </button>
    </Dialog>
  );
}

export function Notices({ cab, onClose }: { cab: Cab; onClose: () => void }) {
  const [told, setTold] = useState<Notice[] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    ask<NoticeList>('/v1/my/notices', { token: cab.signedIn.token }).then(
      ({ notices }) => setTold(notices),
      setProblem,
    );
  }, [cab]);
  return (
    <Dialog title={text('bar.notices')} onClose={onClose}>
      <h3>{text('notice.all')}</h3>
      {problem !== null && (
        <p class="problem" role="alert">
          {complaint(problem)}
        </p>
      )}
      {problem === null && told === null && <p class="quiet">{text('state.loading')}</p>}
      {told?.length === 0 && <p class="quiet">{text('notice.none')}</p>}
      <ul class="list">
        {told?.map((notice) => (
          <li key={notice.notice}>
            <Said notice={notice} />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
