/** Who did something, how a fare was paid and how a payment stands, as people read it. */
import { catalogue } from '../ui/language';

const en = {
  'by.passenger': 'the passenger',
  'by.driver': 'the driver',
  'by.dispatcher': 'a dispatcher',
  'by.device': 'the device in the car',
  'by.no_show': 'the driver: nobody came',
  'by.system': 'the system',
  'method.alipay_app': 'Alipay, in the app',
  'method.alipay_page': 'Alipay, code in the car',
  'method.alipay_code': 'Alipay, code on the driver’s screen',
  'method.alipay_scan': 'Alipay, scanned by the driver',
  'method.cash': 'cash',
  'method.otherwise': 'outside of the system',
  'state.due': 'due',
  'state.creating': 'being ordered',
  'state.waiting': 'waits for the payer',
  'state.paying': 'being paid',
  'state.unknown': 'unclear, being checked',
  'state.payment_unknown': 'unclear, being checked',
  'state.failed': 'failed',
  'state.paid': 'paid',
  'state.part_refunded': 'refunded in part',
  'state.refunded': 'refunded',
  'state.settled': 'settled outside of the system',
  'state.settled_otherwise': 'settled outside of the system',
};

const zh: typeof en = {
  'by.passenger': '乘客',
  'by.driver': '司机',
  'by.dispatcher': '调度员',
  'by.device': '车载设备',
  'by.no_show': '司机：乘客未到',
  'by.system': '系统',
  'method.alipay_app': '支付宝（应用内）',
  'method.alipay_page': '支付宝（车内码）',
  'method.alipay_code': '支付宝（司机出示的码）',
  'method.alipay_scan': '支付宝（司机扫码）',
  'method.cash': '现金',
  'method.otherwise': '系统外结清',
  'state.due': '待付',
  'state.creating': '正在下单',
  'state.waiting': '等待付款',
  'state.paying': '付款中',
  'state.unknown': '结果不明，正在核实',
  'state.payment_unknown': '结果不明，正在核实',
  'state.failed': '未付成',
  'state.paid': '已付',
  'state.part_refunded': '部分退款',
  'state.refunded': '已退款',
  'state.settled': '系统外结清',
  'state.settled_otherwise': '系统外结清',
};

const words = catalogue(en, zh);

function worded(kind: 'by' | 'method' | 'state', name: string): string {
  const key = `${kind}.${name}`;
  return key in en ? words(key as keyof typeof en) : name;
}

/** A role, a role with who it was (`driver:D7`), or who it was. Nobody's own id is told of a passenger. */
export function byWords(by: string): string {
  const [role = '', ...who] = by.split(':');
  if (role === 'passenger' || who.length === 0) return worded('by', role);
  return `${worded('by', role)} ${who.join(':')}`;
}

export const methodWords = (method: string): string => worded('method', method);
export const paymentStateWords = (state: string): string => worded('state', state);
