// AlipayJSBridge of the Alipay app for any browser: <script src="SANDBOX/sandbox/bridge.js"></script>
//
// AlipayJSBridge.call('tradePay', {tradeNO: '…'}, callback) opens the sandbox's cashier in a frame over the page. The
// page's policy must allow script-src and frame-src of the sandbox's origin. In the Alipay app, which has its own
// bridge, this script does nothing.
(function () {
  var NO_ANSWER_AFTER_MS = 15000;
  var here = document.createElement('a');
  here.href = document.currentScript.src;
  var origin = here.protocol + '//' + here.host;
  var open = null;

  if (window.AlipayJSBridge) return;

  function end(resultCode, memo) {
    var ended = open;
    if (!ended) return;
    open = null;
    clearTimeout(ended.timer);
    ended.frame.parentNode.removeChild(ended.frame);
    ended.callback({ resultCode: resultCode, memo: memo, callbackUrl: '', result: '' });
  }

  function cover(frame) {
    var style = frame.style;
    style.position = 'fixed';
    style.top = style.left = '0';
    style.width = style.height = '100%';
    style.border = '0';
    style.zIndex = '2147483647';
    style.background = '#f5f5f9';
  }

  function tradePay(options, callback) {
    var tradeNO = options && options.tradeNO;
    if (typeof tradeNO !== 'string' || !tradeNO) return callback({ resultCode: '4000', memo: 'no tradeNO' });
    if (open) return callback({ resultCode: '5000', memo: 'another payment is open' });
    var frame = document.createElement('iframe');
    frame.id = 'alipay-cashier';
    frame.title = 'Alipay';
    cover(frame);
    frame.src =
      origin +
      '/cashier?trade_no=' +
      encodeURIComponent(tradeNO) +
      '&embedder=' +
      encodeURIComponent(window.location.origin || window.location.protocol + '//' + window.location.host);
    open = {
      frame: frame,
      tradeNO: tradeNO,
      callback: callback,
      timer: setTimeout(function () {
        end('6002', 'the cashier did not open');
      }, NO_ANSWER_AFTER_MS)
    };
    document.body.appendChild(frame);
  }

  function onMessage(event) {
    var result;
    if (!open || event.origin !== origin || event.source !== open.frame.contentWindow) return;
    try {
      result = JSON.parse(event.data);
    } catch (error) {
      return;
    }
    if (result.sandbox !== 'alipay' || result.tradeNO !== open.tradeNO) return;
    clearTimeout(open.timer);
    if (result.resultCode) end(String(result.resultCode), String(result.memo));
  }

  window.addEventListener('message', onMessage, false);
  window.AlipayJSBridge = {
    call: function (name, options, callback) {
      var done = typeof callback === 'function' ? callback : function () {};
      if (name === 'tradePay') return tradePay(options, done);
      done({ resultCode: '4', memo: name + ' is not supported', error: 1 });
    }
  };
  setTimeout(function () {
    var ready = document.createEvent('Event');
    ready.initEvent('AlipayJSBridgeReady', false, false);
    document.dispatchEvent(ready);
  }, 0);
})();
