/** What events say beside their names, as people read it: names, and values where these are words of the wire. */

import type { TimelineEvent } from '../protocol/reads';
import { dayAndTime, distance, money, span } from '../ui/formats';
import { catalogue } from '../ui/language';
import { named } from '../ui/words';
import { placeWords } from './trip_texts';
import { byWords, methodWords, paymentStateWords } from './value_texts';

const en = {
  vehicle: 'car',
  trip: 'trip',
  outcome: 'outcome',
  reason: 'reason',
  by: 'by',
  origin: 'origin',
  amount: 'amount',
  fare: 'fare',
  method: 'way',
  order: 'order',
  trade: 'Alipay’s number',
  refund: 'refund',
  call: 'asked for',
  n: 'time',
  how: 'how',
  source: 'heard from',
  day: 'day in Beijing',
  company: 'company',
  meters: 'distance',
  waiting_s: 'waited',
  pickup: 'from',
  pickup_at: 'at',
  pickup_s: 'way to the pick-up',
  dropoff: 'to',
  dropped_at: 'at',
  contact: 'phone',
  note: 'note',
  seats: 'seats',
  stars: 'stars',
  comment: 'comment',
  state: 'state',
  vehicle_class: 'class',
  needs: 'needs',
  by_hand: 'by hand',
  scanned: 'by the code in the car',
  hailed: 'street hail',
  from_airport: 'from the airport',
  no_show: 'nobody came',
  returned: 'the money went back',
  surplus: 'paid twice',
};

const zh: typeof en = {
  vehicle: '车辆',
  trip: '行程',
  outcome: '结果',
  reason: '原因',
  by: '操作人',
  origin: '来源',
  amount: '金额',
  fare: '车费',
  method: '方式',
  order: '订单号',
  trade: '支付宝交易号',
  refund: '退款号',
  call: '请求',
  n: '次数',
  how: '途径',
  source: '消息来源',
  day: '北京日期',
  company: '公司',
  meters: '里程',
  waiting_s: '等候',
  pickup: '起点',
  pickup_at: '时间',
  pickup_s: '到上车点',
  dropoff: '终点',
  dropped_at: '下车点',
  contact: '电话',
  note: '备注',
  seats: '座位',
  stars: '星级',
  comment: '评价',
  state: '状态',
  vehicle_class: '车型',
  needs: '需要',
  by_hand: '手动',
  scanned: '扫车内码',
  hailed: '路边扬招',
  from_airport: '机场出发',
  no_show: '乘客未到',
  returned: '款项已退回',
  surplus: '重复付款',
};

const valuesEn = {
  'outcome.accepted': 'accepted',
  'outcome.declined': 'declined',
  'outcome.expired': 'not answered',
  'outcome.withdrawn': 'withdrawn',
  'origin.app': 'the app',
  'origin.phone': 'by phone',
  'origin.hail': 'street hail',
  'source.query': 'Alipay, when asked',
  'source.notification': 'Alipay, by itself',
  'source.driver': 'the driver',
  'how.refund': 'refund',
  'how.cancel': 'cancelled order',
  'how.hand': 'by hand',
  'call.create': 'order',
  'call.precreate': 'code',
  'call.scan': 'scanned code',
  'call.query': 'state of the order',
  'call.close': 'end of the order',
  'call.cancel': 'cancelling',
  'call.refund': 'refund',
  'call.query_refund': 'state of the refund',
  'reason.PASSWORD': 'waits for the password',
};

const valuesZh: typeof valuesEn = {
  'outcome.accepted': '已接受',
  'outcome.declined': '已拒绝',
  'outcome.expired': '未响应',
  'outcome.withdrawn': '已撤回',
  'origin.app': '应用',
  'origin.phone': '电话',
  'origin.hail': '路边扬招',
  'source.query': '向支付宝查询',
  'source.notification': '支付宝通知',
  'source.driver': '司机',
  'how.refund': '退款',
  'how.cancel': '撤销订单',
  'how.hand': '人工退还',
  'call.create': '下单',
  'call.precreate': '付款码',
  'call.scan': '扫码收款',
  'call.query': '查询订单',
  'call.close': '关闭订单',
  'call.cancel': '撤销',
  'call.refund': '退款',
  'call.query_refund': '查询退款',
  'reason.PASSWORD': '等待输入密码',
};

const names = catalogue(en, zh);
const values = catalogue(valuesEn, valuesZh);

/** Facts that a timeline leaves out: they say nothing to people, or stand elsewhere. */
const SILENT = new Set([
  'trip_seq',
  'offer',
  'expires_at',
  'lines',
  'profile',
  'meter',
  'eta_at',
  'passenger',
  'fix_n',
  'asked_by',
  'subject',
  'currency',
]);
/** Said at every turn, and worth a word only where they are not this. */
const USUAL: Readonly<Record<string, unknown>> = { vehicle_class: 'standard', seats: 1, n: 1 };

/** What an event says beside its name, in one line. */
export function factWords(happening: Pick<TimelineEvent, 'facts'>): string {
  return Object.entries(happening.facts ?? {})
    .filter(([name, value]) => isSaid(name, value))
    .map(([name, value]) => (value === true ? nameWords(name) : `${nameWords(name)}: ${factValue(name, value)}`))
    .join(' · ');
}

function isSaid(name: string, value: unknown): boolean {
  return !SILENT.has(name) && value !== null && value !== false && value !== '' && USUAL[name] !== value;
}

function nameWords(name: string): string {
  return name in en ? names(name as keyof typeof en) : name.replaceAll('_', ' ');
}

function factValue(name: string, value: unknown): string {
  if (typeof value === 'number') return numberWords(name, value);
  if (typeof value === 'string') return textWords(name, value);
  if (Array.isArray(value)) return value.map((each) => factValue(name, each)).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  if ('minor' in value && 'currency' in value) return money(value as { minor: number; currency: string });
  if ('lat' in value && 'lng' in value) return placeWords(value as { lat: number; lng: number; text?: string });
  return Object.entries(value)
    .map(([inner, each]) => `${nameWords(inner)} ${factValue(inner, each)}`)
    .join(' ');
}

function numberWords(name: string, value: number): string {
  if (name === 'meters') return distance(value);
  if (name === 'pickup_at') return dayAndTime(value);
  if (name.endsWith('_s')) return span(value);
  return String(Math.round(value * 10) / 10);
}

function textWords(name: string, value: string): string {
  const key = `${name}.${value}`;
  if (key in valuesEn) return values(key as keyof typeof valuesEn);
  switch (name) {
    case 'by':
      return byWords(value);
    case 'method':
      return methodWords(value);
    case 'state':
      return paymentStateWords(value);
    case 'vehicle_class':
      return named('class', value);
    case 'needs':
      return named('need', value);
    default:
      return value;
  }
}
