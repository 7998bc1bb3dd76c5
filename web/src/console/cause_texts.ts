/** Why a car was not given to a request, or got none, as people read it (causes of the matcher). */
import { catalogue } from '../ui/language';

const en = {
  matched: 'Chosen',
  lost: 'Another car served all requests better',
  'too far': 'Too far away',
  'wrong class': 'Wrong class of car',
  'missing capability': 'Cannot carry what is needed',
  'too few seats': 'Too few seats',
  stale: 'Not heard for too long',
  'declined before': 'Had this offer before',
  held: 'Was being offered another request',
  'no request': 'No request near it',
  gone: 'Not free',
};

const zh: typeof en = {
  matched: '被选中',
  lost: '整体上其他车辆更合适',
  'too far': '距离太远',
  'wrong class': '车型不符',
  'missing capability': '不满足特殊需求',
  'too few seats': '座位不足',
  stale: '太久没有位置',
  'declined before': '之前已收到此单',
  held: '正在处理另一单',
  'no request': '附近没有请求',
  gone: '不是空车',
};

const words = catalogue(en, zh);

export function causeWords(cause: string): string {
  return cause in en ? words(cause as keyof typeof en) : cause;
}
