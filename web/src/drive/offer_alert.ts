/** What calls the driver: two tones and a vibration, repeated while an offer is open. No file is loaded for it. */

let audio: AudioContext | null = null;
let ringing = 0;

/** Browsers let a page sound only after its first touch: call this from one. */
export function tune(): void {
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

function once(): void {
  if (audio !== null && audio.state === 'running') {
    tone(audio, 784, audio.currentTime, 0.22);
    tone(audio, 1047, audio.currentTime + 0.2, 0.34);
  }
  shake([220, 90, 220]);
}

export function shake(pattern: number[]): void {
  // Before the first touch browsers refuse it, and say so in the log.
  if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(pattern);
}

export function ring(): void {
  if (ringing !== 0) return;
  once();
  ringing = window.setInterval(once, 1500);
}

export function hush(): void {
  clearInterval(ringing);
  ringing = 0;
  if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(0);
}

/** A short sign that something is well: money has come. */
export function chime(): void {
  if (audio !== null && audio.state === 'running') {
    tone(audio, 659, audio.currentTime, 0.16);
    tone(audio, 880, audio.currentTime + 0.14, 0.16);
    tone(audio, 1319, audio.currentTime + 0.28, 0.4);
  }
  shake([80]);
}
