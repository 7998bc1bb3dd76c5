/** Events of trips, cars and payments as people read them. */

import { money } from '../shell/formats';
import { catalogue } from '../shell/language';
import type { Happening } from '../wire/reads';
import { placeWords } from './trip_words';

const en = {
  // trips
  trip_requested: 'Requested',
  trip_reserved: 'Reserved for later',
  matching_began: 'The search for a car began',
  trip_offered: 'Offered to a car',
  offer_lapsed: 'The offer came to nothing',
  trip_assigned: 'A driver accepted',
  driver_arrived: 'The car waits at the pick-up',
  assignment_given_back: 'The driver gave the trip back',
  ride_began: 'The ride began',
  hail_began: 'A street hail began',
  ride_ended: 'The ride ended; the fare is due',
  trip_cancelled: 'Cancelled, free of charge',
  cancelled_with_fee: 'Cancelled, with a fee',
  trip_unserved: 'No car was found in time',
  hand_picked: 'A dispatcher chose a car',
  fare_typed: 'The passenger typed the fare',
  fare_agreed: 'The driver confirmed the fare',
  payment_began: 'Payment began',
  payment_ordered: 'Alipay has the order',
  payment_failed: 'Payment failed; the fare is due again',
  payment_unclear: 'Unclear whether it was paid; being checked',
  fare_paid: 'Paid',
  fare_settled: 'Settled outside of the system',
  fare_refunded: 'Refunded in part',
  fare_refunded_whole: 'Refunded',
  ride_rated: 'Rated by the passenger',
  // cars
  shift_started: 'Shift began, or break ended',
  shift_ended: 'Shift ended',
  break_started: 'Break',
  offer_made: 'Got an offer',
  offer_declined: 'Declined the offer',
  offer_expired: 'Did not answer the offer',
  offer_withdrawn: 'The offer was withdrawn',
  offer_accepted: 'Accepted the offer',
  pickup_reached: 'Reached the pick-up',
  ride_started: 'Ride began',
  meter_read: 'The taximeter was read',
  ride_finished: 'Ride ended',
  trip_given_back: 'Gave the trip back',
  trip_released: 'The trip was cancelled',
  payment_told: 'Was told of the payment',
  taken_out: 'Taken out of service',
  put_back_in: 'Put back in service',
  // payments
  attempt_opened: 'Attempt begun',
  gateway_asked: 'Alipay was asked',
  order_placed: 'Order placed',
  code_shown: 'Code shown to the passenger',
  password_asked: 'Waits for the passenger’s password',
  attempt_stopped: 'Another way of paying was wanted',
  attempt_failed: 'Attempt failed',
  news_checked: 'News was checked',
  attempt_unclear: 'Outcome unclear',
  order_paid: 'Order paid',
  surplus_paid: 'Paid twice; it will be given back',
  refund_opened: 'Refund begun',
  refund_asked: 'Refund asked for',
  refund_unclear: 'Refund unclear',
  refund_failed: 'Refund failed',
  part_refunded: 'Refunded in part',
  whole_refunded: 'Refunded whole',
  surplus_refunded: 'Surplus given back',
};

const zh: typeof en = {
  trip_requested: '已下单',
  trip_reserved: '已预约',
  matching_began: '开始找车',
  trip_offered: '已向车辆派单',
  offer_lapsed: '派单未成',
  trip_assigned: '司机已接单',
  driver_arrived: '车辆已到上车点',
  assignment_given_back: '司机退回订单',
  ride_began: '行程开始',
  hail_began: '路边扬招上车',
  ride_ended: '行程结束，待付车费',
  trip_cancelled: '已取消，不收费',
  cancelled_with_fee: '已取消，收取费用',
  trip_unserved: '未能及时找到车',
  hand_picked: '调度员指定了车辆',
  fare_typed: '乘客输入了车费',
  fare_agreed: '司机确认了车费',
  payment_began: '开始付款',
  payment_ordered: '支付宝已建单',
  payment_failed: '付款失败，车费仍待付',
  payment_unclear: '是否付款尚不明确，正在核实',
  fare_paid: '已付款',
  fare_settled: '线下结清',
  fare_refunded: '部分退款',
  fare_refunded_whole: '全额退款',
  ride_rated: '乘客已评价',
  shift_started: '上班或结束休息',
  shift_ended: '下班',
  break_started: '休息',
  offer_made: '收到派单',
  offer_declined: '拒绝派单',
  offer_expired: '未响应派单',
  offer_withdrawn: '派单被撤回',
  offer_accepted: '接受派单',
  pickup_reached: '到达上车点',
  ride_started: '行程开始',
  meter_read: '读取计价器',
  ride_finished: '行程结束',
  trip_given_back: '退回订单',
  trip_released: '订单已取消',
  payment_told: '收到付款通知',
  taken_out: '停运',
  put_back_in: '恢复运营',
  attempt_opened: '开始一次付款',
  gateway_asked: '已询问支付宝',
  order_placed: '已下支付单',
  code_shown: '已向乘客出示付款码',
  password_asked: '等待乘客输入密码',
  attempt_stopped: '改用其他付款方式',
  attempt_failed: '付款失败',
  news_checked: '已核对通知',
  attempt_unclear: '结果不明',
  order_paid: '已支付',
  surplus_paid: '重复付款，将退回',
  refund_opened: '开始退款',
  refund_asked: '已申请退款',
  refund_unclear: '退款结果不明',
  refund_failed: '退款失败',
  part_refunded: '部分退款',
  whole_refunded: '全额退款',
  surplus_refunded: '多付部分已退',
};

const words = catalogue(en, zh);

const factsEn = {
  vehicle: 'car',
  trip: 'trip',
  outcome: 'outcome',
  reason: 'reason',
  by: 'by',
  origin: 'origin',
  amount: 'amount',
  fare: 'fare',
  method: 'method',
  order: 'order',
  trade: 'trade',
  meters: 'metres',
  waiting_s: 'seconds waited',
  pickup: 'from',
  pickup_s: 'seconds to the pick-up',
  dropoff: 'to',
  dropped_at: 'at',
  contact: 'phone',
  note: 'note',
  seats: 'seats',
  stars: 'stars',
  comment: 'comment',
  state: 'state',
  vehicle_class: 'class',
  by_hand: 'by hand',
  needs: 'needs',
};

const factsZh: typeof factsEn = {
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
  trade: '交易号',
  meters: '米',
  waiting_s: '等候秒数',
  pickup: '起点',
  pickup_s: '到上车点秒数',
  dropoff: '终点',
  dropped_at: '下车点',
  contact: '电话',
  note: '备注',
  seats: '座位',
  stars: '星级',
  comment: '评价',
  state: '状态',
  vehicle_class: '车型',
  by_hand: '手动',
  needs: '需要',
};

const factNames = catalogue(factsEn, factsZh);
function factName(name: string): string {
  return name in factsEn ? factNames(name as keyof typeof factsEn) : name.replaceAll('_', ' ');
}

/** An event's name in words; one that this version does not know is shown as it is. */
export function eventWords(event: string): string {
  return event in en ? words(event as keyof typeof en) : event;
}

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
]);

/** What an event says beside its name, in one line. */
export function factWords(happening: Pick<Happening, 'facts'>): string {
  return Object.entries(happening.facts ?? {})
    .filter(([name, value]) => !SILENT.has(name) && value !== null && value !== false && value !== '')
    .map(([name, value]) => `${factName(name)}: ${valueWords(value)}`)
    .join(' · ');
}

function valueWords(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueWords).join(', ');
  if (typeof value === 'number') return String(Math.round(value * 10) / 10);
  if (typeof value !== 'object' || value === null) return String(value);
  if ('minor' in value && 'currency' in value) return money(value as { minor: number; currency: string });
  if ('lat' in value && 'lng' in value) return placeWords(value as { lat: number; lng: number; text?: string });
  return Object.entries(value)
    .map(([name, each]) => `${name} ${valueWords(each)}`)
    .join(' ');
}
