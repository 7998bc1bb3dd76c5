/** Words that all apps share: states, refusals, the connection. */

import { Refusal } from '../client/http';
import type { Rejected } from '../protocol/messages';
import { catalogue, language } from './language';
import { REFUSALS_ZH } from './refusals_zh';

const en = {
  'link.connecting': 'Connecting…',
  'link.lost': 'Connection lost. Trying again… Nothing is lost: what happened meanwhile will be shown.',
  'link.replaced': 'This account is in use on another device. This page has stopped.',
  'link.use_here': 'Use it here',
  'link.signed_out': 'You were signed out. Sign in again.',
  'error.unreachable': 'The server does not answer. Check the connection and try again.',
  'error.number': '{text} ({code})',
  'action.cancel': 'Cancel',
  'action.close': 'Close',
  'action.confirm': 'Confirm',
  'action.back': 'Back',
  'action.sign_in': 'Sign in',
  'action.sign_out': 'Sign out',
  'action.retry': 'Try again',
  'menu.language': '中文',
  'menu.theme_dark': 'Dark',
  'menu.theme_light': 'Light',
  'vehicle.offline': 'Offline',
  'vehicle.idle': 'Free',
  'vehicle.offered': 'Offered',
  'vehicle.to_pickup': 'To pick-up',
  'vehicle.at_pickup': 'At pick-up',
  'vehicle.on_trip': 'On trip',
  'vehicle.break': 'Break',
  'vehicle.out_of_service': 'Out of service',
  'trip.reserved': 'Reserved',
  'trip.matching': 'Looking for a car',
  'trip.offered': 'Offered to a driver',
  'trip.assigned': 'Car on its way',
  'trip.arrived': 'Car waiting',
  'trip.in_progress': 'On the way',
  'trip.fare_due': 'Fare due',
  'trip.paying': 'Paying',
  'trip.paid': 'Paid',
  'trip.cancelled': 'Cancelled',
  'trip.unserved': 'No car found',
  'trip.payment_unknown': 'Payment being checked',
  'trip.settled_otherwise': 'Settled at the office',
  'trip.part_refunded': 'Refunded in part',
  'trip.refunded': 'Refunded',
  'class.standard': 'Standard',
  'class.comfort': 'Comfort',
  'class.van': 'Van',
  'need.wheelchair': 'Wheelchair',
  'need.child_seat': 'Child seat',
};

const zh: typeof en = {
  'link.connecting': '正在连接…',
  'link.lost': '连接中断，正在重连…期间发生的一切会补上，不会丢失。',
  'link.replaced': '此账号已在另一台设备上使用，本页已停止。',
  'link.use_here': '在此使用',
  'link.signed_out': '您已退出，请重新登录。',
  'error.unreachable': '服务器没有响应，请检查网络后重试。',
  'error.number': '{text}（{code}）',
  'action.cancel': '取消',
  'action.close': '关闭',
  'action.confirm': '确认',
  'action.back': '返回',
  'action.sign_in': '登录',
  'action.sign_out': '退出登录',
  'action.retry': '重试',
  'menu.language': 'English',
  'menu.theme_dark': '深色',
  'menu.theme_light': '浅色',
  'vehicle.offline': '离线',
  'vehicle.idle': '空车',
  'vehicle.offered': '派单中',
  'vehicle.to_pickup': '前往接客',
  'vehicle.at_pickup': '等候上车',
  'vehicle.on_trip': '载客中',
  'vehicle.break': '休息',
  'vehicle.out_of_service': '停运',
  'trip.reserved': '已预约',
  'trip.matching': '正在找车',
  'trip.offered': '等待司机接单',
  'trip.assigned': '车辆在途',
  'trip.arrived': '车辆已到',
  'trip.in_progress': '行程中',
  'trip.fare_due': '待付款',
  'trip.paying': '付款中',
  'trip.paid': '已付款',
  'trip.cancelled': '已取消',
  'trip.unserved': '没有找到车',
  'trip.payment_unknown': '正在核实付款',
  'trip.settled_otherwise': '线下结清',
  'trip.part_refunded': '部分退款',
  'trip.refunded': '已退款',
  'class.standard': '普通',
  'class.comfort': '舒适',
  'class.van': '商务',
  'need.wheelchair': '轮椅',
  'need.child_seat': '儿童座椅',
};

export const word = catalogue(en, zh);
export type Word = keyof typeof en;

/** A state by its name on the wire; one that this version does not know is shown as it is. */
export function named(kind: 'vehicle' | 'trip' | 'class' | 'need', name: string): string {
  const key = `${kind}.${name}`;
  return key in en ? word(key as Word) : name;
}

/** What to tell a person of something that was refused, over the socket or over HTTP. */
export function complaint(problem: unknown): string {
  const refused = problem instanceof Refusal ? { code: problem.code, text: problem.message } : asRejected(problem);
  if (refused === null) return word('error.unreachable');
  const translated =
    language.value === 'zh' ? REFUSALS_ZH[String(refused.code) as keyof typeof REFUSALS_ZH] : undefined;
  return word('error.number', { text: translated ?? refused.text, code: refused.code });
}

function asRejected(problem: unknown): Pick<Rejected, 'code' | 'text'> | null {
  if (typeof problem !== 'object' || problem === null || !('code' in problem) || !('text' in problem)) return null;
  return problem as Rejected;
}
