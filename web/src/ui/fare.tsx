/** Fares and refused payments as users read them. */
import type { FareLineView, FareView, PaymentView } from '../protocol/messages';
import { money } from './formats';
import { commonText, fareLineText } from './i18n';
import { language } from './i18n/language';

const UNITS_ZH: Record<string, string> = {
  '1/5 mile': '1/5 英里',
  km: '公里',
  'km beyond 15 km': '公里（15 公里以上）',
  'minute of waiting': '分钟等候',
  '4 minutes of waiting': '次 4 分钟等候',
};
/** Kinds of lines whose title says everything. */
const WITHOUT_DETAIL: ReadonlySet<string> = new Set(['taximeter', 'typed', 'no_show']);

/** The detail below the title of a line: in English the text of the tariff, in Chinese the quantity. */
function lineDetail({ kind, text, quantity, unit }: FareLineView): string {
  if (language.value === 'en') return WITHOUT_DETAIL.has(kind) ? '' : text;
  if (kind === 'distance' || kind === 'waiting') {
    return `${Math.round(quantity * 100) / 100} × ${UNITS_ZH[unit] ?? unit}`;
  }
  return kind === 'night' ? `行程的 ${Math.round(quantity)}%` : '';
}

/** The lines of a fare and their total. */
export function FareTable({ fare }: { fare: FareView }) {
  return (
    <table class="fare">
      <caption class="hidden-text">{commonText('fare')}</caption>
      <tbody>
        {fare.lines.map((line) => (
          <tr key={`${line.kind} ${line.text}`}>
            <th scope="row">
              {fareLineText(line)}
              <span class="quiet small under">{lineDetail(line)}</span>
            </th>
            <td class="number">{money({ minor: line.minor, currency: fare.total.currency })}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">{commonText('fare.total')}</th>
          <td class="number">{money(fare.total)}</td>
        </tr>
      </tfoot>
    </table>
  );
}

/** Why a payment failed and what to do next; nothing if it did not fail. */
export function PaymentPhrase({ payment }: { payment: PaymentView | undefined }) {
  const phrase = payment?.phrase;
  if (phrase === undefined) return null;
  const [reason, advice] = language.value === 'zh' ? [phrase.zh, phrase.do_zh] : [phrase.en, phrase.do_en];
  return (
    <div class="note" role="status">
      <p>{reason}</p>
      <p>
        <strong>{advice}</strong>
      </p>
    </div>
  );
}
