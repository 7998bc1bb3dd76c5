// node bridge_check.js bridge.js: the bridge in a page made of nothing but what it touches. Silent if all holds.
const assert = require('node:assert');
const fs = require('node:fs');
const vm = require('node:vm');

function page(bridge) {
  const made = { frame: null, events: [], timers: [], listeners: {} };
  const window = {
    location: { origin: 'http://taxi.example' },
    addEventListener: (name, listener) => (made.listeners[name] = listener)
  };
  if (bridge) window.AlipayJSBridge = bridge;
  const document = {
    currentScript: { src: 'http://127.0.0.1:8088/sandbox/bridge.js' },
    createElement: (tag) =>
      tag === 'a'
        ? { set href(text) { Object.assign(this, { protocol: new URL(text).protocol, host: new URL(text).host }); } }
        : { style: {}, contentWindow: {} },
    body: {
      appendChild: (frame) => {
        made.frame = frame;
        frame.parentNode = { removeChild: () => (made.frame = null) };
      }
    },
    createEvent: () => ({ initEvent(name) { this.type = name; } }),
    dispatchEvent: (event) => made.events.push(event.type)
  };
  const setTimeout = (job, wait) => (wait === 0 ? job() : made.timers.push(job));
  const context = { window, document, setTimeout, clearTimeout: () => (made.timers.length = 0), encodeURIComponent, JSON };
  vm.runInNewContext(fs.readFileSync(process.argv[2], 'utf8'), context);
  made.window = window;
  made.say = (told, origin, source) =>
    made.listeners.message({
      origin: origin || 'http://127.0.0.1:8088',
      source: source || made.frame.contentWindow,
      data: typeof told === 'string' ? told : JSON.stringify(told)
    });
  return made;
}

const told = (changes) => Object.assign({ sandbox: 'alipay', tradeNO: 'T1', resultCode: '9000', memo: '' }, changes);
const results = [];
const hear = (result) => results.push(result.resultCode);

// It is ready, opens the cashier, and one at a time.
const taxi = page();
assert.deepStrictEqual(taxi.events, ['AlipayJSBridgeReady']);
taxi.window.AlipayJSBridge.call('tradePay', { tradeNO: 'T1' }, hear);
assert.strictEqual(
  taxi.frame.src,
  'http://127.0.0.1:8088/cashier?trade_no=T1&embedder=http%3A%2F%2Ftaxi.example'
);
taxi.window.AlipayJSBridge.call('tradePay', { tradeNO: 'T2' }, hear);
assert.deepStrictEqual(results.splice(0), ['5000']);

// Nobody is believed but that cashier, about that trade.
taxi.say(told(), 'http://evil.example');
taxi.say(told(), undefined, {});
taxi.say(told({ tradeNO: 'T2' }));
taxi.say(told({ sandbox: 'else' }));
taxi.say('not JSON');
taxi.say(told({ resultCode: '' }));
assert.ok(taxi.frame);
assert.deepStrictEqual(results, []);
taxi.say(told());
assert.strictEqual(taxi.frame, null);
assert.deepStrictEqual(results.splice(0), ['9000']);

// A cashier that does not open is a network error; what makes no sense is a failure.
taxi.window.AlipayJSBridge.call('tradePay', { tradeNO: 'T3' }, hear);
taxi.timers[0]();
taxi.window.AlipayJSBridge.call('tradePay', {}, hear);
taxi.window.AlipayJSBridge.call('dance', {}, hear);
assert.strictEqual(taxi.frame, null);
assert.deepStrictEqual(results.splice(0), ['6002', '4000', '4']);

// In the app itself it does nothing.
const own = { call: () => {} };
const app = page(own);
assert.strictEqual(app.window.AlipayJSBridge, own);
assert.deepStrictEqual(app.events, []);
