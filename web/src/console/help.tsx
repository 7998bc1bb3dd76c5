/** The keyboard shortcuts. */
import { Dialog } from '../ui/controls';
import { text } from './i18n';
import { SHORTCUTS, shortcutsOn, turnShortcuts } from './shortcuts';

export function HelpDialog({ close }: { close: () => void }) {
  return (
    <Dialog title={text('start.help')} onClose={close}>
      <table class="fare">
        <tbody>
          {SHORTCUTS.map((key) => (
            <tr key={key}>
              <th scope="row">
                <kbd>{key === '1' ? '1 – 4' : key === 'Escape' ? 'Esc' : key}</kbd>
              </th>
              <td>{text(`key.${key}`)}</td>
            </tr>
          ))}
          <tr>
            <th scope="row">
              <kbd>↑ ↓</kbd>
            </th>
            <td>{text('key.rows')}</td>
          </tr>
        </tbody>
      </table>
      <label class="row">
        <input
          type="checkbox"
          checked={shortcutsOn.value}
          onChange={(event) => turnShortcuts(event.currentTarget.checked)}
        />
        {text('help.on')}
      </label>
      <p class="quiet small">{text('help.map')}</p>
    </Dialog>
  );
}
