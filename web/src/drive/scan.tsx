/** The passenger's payment code, read by the camera if the browser supports it, else typed. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { AsyncButton, Dialog, Field } from '../ui/controls';
import type { DriverStore } from './driver_store';
import { text } from './i18n';

const CODE = /^[0-9]{16,24}$/;
const SCAN_EVERY_MS = 250;

interface Detector {
  detect: (source: HTMLVideoElement) => Promise<{ rawValue: string }[]>;
}
type DetectorClass = new (options: { formats: string[] }) => Detector;

function detector(): Detector | null {
  const known = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
  return known === undefined ? null : new known({ formats: ['qr_code', 'code_128'] });
}

/** Reads codes from the camera until one is found; `works` is false without a camera or a code reader. */
function useCamera(found: (code: string) => void) {
  const video = useRef<HTMLVideoElement>(null);
  const [works, setWorks] = useState(true);
  useEffect(() => {
    let stream: MediaStream | null = null;
    let timer = 0;
    let stopped = false;
    const scan = async (reader: Detector) => {
      const codes = video.current === null ? [] : await reader.detect(video.current).catch(() => []);
      const code = codes.map((each) => each.rawValue).find((value) => CODE.test(value));
      if (stopped) return;
      if (code !== undefined) found(code);
      else timer = window.setTimeout(() => void scan(reader), SCAN_EVERY_MS);
    };
    const open = async () => {
      const reader = detector();
      if (reader === null || navigator.mediaDevices === undefined) throw new Error('no camera that reads codes');
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      if (stopped || video.current === null) return close();
      video.current.srcObject = stream;
      await video.current.play();
      await scan(reader);
    };
    const close = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    open().catch(() => setWorks(false));
    return () => {
      stopped = true;
      clearTimeout(timer);
      close();
    };
  }, []);
  return { video, works };
}

export function Scan({ store, trip, onClose }: { store: DriverStore; trip: string; onClose: () => void }) {
  const [digits, setDigits] = useState('');
  const { video, works } = useCamera(setDigits);
  const take = () => store.send({ t: 'collect', trip, by: 'scan', auth_code: digits }).then(onClose);
  const wrong = digits.length >= 16 && !CODE.test(digits);
  return (
    <Dialog title={text('scan.title')} onClose={onClose}>
      {works && <video ref={video} class="camera" muted playsInline />}
      <p class="quiet">{text(works ? 'scan.hint' : 'scan.no_camera')}</p>
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
      <AsyncButton kind="main" wide disabled={!CODE.test(digits)} onPress={take}>
        {text('scan.take')}
      </AsyncButton>
    </Dialog>
  );
}
