/** A button to install the app, or instructions if the browser offers no installation. */
import { signal } from '@preact/signals';
import { text } from './i18n';

interface InstallEvent extends Event {
  prompt: () => Promise<unknown>;
}

const offered = signal<InstallEvent | null>(null);

addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault();
  offered.value = event as InstallEvent;
});
addEventListener('appinstalled', () => {
  offered.value = null;
});

export function Install() {
  if (matchMedia('(display-mode: standalone)').matches) return null;
  const event = offered.value;
  if (event === null) return <p class="quiet small">{text('signin.install_how')}</p>;
  const install = async () => {
    await event.prompt();
    offered.value = null;
  };
  return (
    <button type="button" class="button wide" onClick={install}>
      {text('signin.install')}
    </button>
  );
}
