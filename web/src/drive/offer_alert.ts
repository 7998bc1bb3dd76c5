/** Sound and vibration: two tones that repeat while an offer is open, and a signal for payments. No file is loaded. */

let audio: AudioContext | null = null;
let ringing = 0;

/** Enables sound. Browsers allow it only after the first touch: to be called from its handler. */
export function unlockAudio(): void {
  audio ??= new AudioContext();
  void audio.resume();
}

function tone(context: AudioContext, hertz: number, at: number, forS: number): void {
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.frequency.value = hertz;
  gain.gain.setValueAtTime(0.0001, at);
  gain.gain.exponentialRampToValueAtTime(0.35, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + forS);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + forS);
}

/** Plays tones (frequency, start and duration in seconds) if sound is enabled. */
function play(...tones: readonly [hertz: number, startS: number, forS: number][]): void {
  if (audio === null || audio.state !== 'running') return;
  for (const [hertz, startS, forS] of tones) tone(audio, hertz, audio.currentTime + startS, forS);
}

export function vibrate(pattern: number | number[]): void {
  // Before the first touch browsers refuse to vibrate, and log a warning.
  if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(pattern);
}

function ringOnce(): void {
  play([784, 0, 0.22], [1047, 0.2, 0.34]);
  vibrate([220, 90, 220]);
}

export function startRinging(): void {
  if (ringing !== 0) return;
  ringOnce();
  ringing = window.setInterval(ringOnce, 1500);
}

export function stopRinging(): void {
  clearInterval(ringing);
  ringing = 0;
  vibrate(0);
}

export function playPaymentSound(): void {
  play([659, 0, 0.16], [880, 0.14, 0.16], [1319, 0.28, 0.4]);
  vibrate([80]);
}
