/** The passenger's payment code: by the camera where the browser reads codes, else typed. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { Action, Dialog, Field } from '../ui/controls';
import type { Cab } from './driver_store';
import { text } from './texts';

const CODE = /^[0-9]{16,24}$/;
const LOOK_MS = 250;

interface Detector {
  detect: (source: HTMLVideoElement) => Promise<{ rawValue: string }[]>;
}
type DetectorClass = new (options: { formats: string[] }) => Detector;

function detector(): Detector | null {
  const known = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
  return known === undefined ? null : new known({ formats: ['qr_code', 'code_128'] });
}

/** Reads codes from the camera until one is found. False: there is no camera, or nothing that reads codes. */
function useCamera(found: (code: string) => void) {
  const video = useRef<HTMLVideoElement>(null);
  const [sees, setSees] = useState(true);
  useEffect(() => {
    let stream: MediaStream | null = null;
    let timer = 0;
    let over = false;
    const look = async (eye: Detector) => {
      const codes = video.current === null ? [] : await eye.detect(video.current).catch(() => []);
      const code = codes.map((each) => each.rawValue).find((value) => CODE.test(value));
      if (over) return;
      if (code !== undefined) found(code);
      else timer = window.setTimeout(() => void look(eye), LOOK_MS);
    };
    const open = async () => {
      const eye = detector();
      if (eye === null || navigator.mediaDevices === undefined) throw new Error('no camera that reads codes');
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      if (over || video.current === null) return close();
      video.current.srcObject = stream;
      await video.current.play();
      await look(eye);
    };
    const close = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    open().catch(() => setSees(false));
    return () => {
      over = true;
      clearTimeout(timer);
      close();
    };
  }, []);
  return { video, sees };
}

export function Scan({ cab, trip, onClose }: { cab: Cab; trip: string; onClose: () => void }) {
  const [digits, setDigits] = useState('');
  const { video, sees } = useCamera(setDigits);
  const take = () => cab.give({ t: 'collect', trip, by: 'scan', auth_code: digits }).then(onClose);
  const wrong = digits.length >= 16 && !CODE.test(digits);
  return (
    <Dialog title={text('scan.title')} onClose={onClose}>
      {sees && <video ref={video} class="camera" muted playsInline />}
      <p class="quiet">{text(sees ? 'scan.say' : 'scan.no_camera')}</p>
      <Field label={text('scan.digits')}>
        <input
          class="number"
          inputMode="numeric"
          autocomplete="off"
          value={digits}
          onInput={(event) => setDigits(event.currentTarget.value.replace(/\D/g, ''))}
        />
      </Field>
      {wrong && <p class="problem small">{text('scan.wrong')}</p>}
      <Action kind="main" wide disabled={!CODE.test(digits)} act={take}>
        {text('scan.take')}
      </Action>
    </Dialog>
  );
}
