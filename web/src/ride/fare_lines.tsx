/** A fare, line by line, with its sum. */

import type { FareView } from '../protocol/messages';
import { money } from '../ui/formats';
import { lineDetail, lineTitle } from './fare_texts';
import { text } from './text';

export function FareLines({ fare, total = text('total') }: { fare: FareView; total?: string }) {
  return (
    <table class="fare">
      <caption class="hidden-text">{text('fare')}</caption>
      <tbody>
        {fare.lines.map((line) => (
          <tr key={`${line.kind} ${line.text}`}>
            <th scope="row">
              {lineTitle(line)}
              <span class="quiet small fare-detail">{lineDetail(line)}</span>
            </th>
            <td class="number">{money({ minor: line.minor, currency: fare.total.currency })}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">{total}</th>
          <td class="number">{money(fare.total)}</td>
        </tr>
      </tfoot>
    </table>
  );
}
