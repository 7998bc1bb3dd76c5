// The ride's page: asks the server how the payment stands, and opens Alipay's cashier. ES5, for old WebViews.
(function () {
  var ASK_EVERY_MS = 2000;
  var ASK_SOON_MS = 1000;
  var NO_BRIDGE_AFTER_MS = 5000;
  var SAID = {
    '9000': 'checking', '8000': 'checking', '6004': 'checking', '5000': 'checking', '99': 'checking',
    '4000': 'failed', '6001': 'left', '6002': 'network', '4': 'setup'
  };
  var ride = document.getElementById('ride');
  var status = document.getElementById('status');
  var opener = document.getElementById('open-cashier');
  var trade = ride.getAttribute('data-trade');
  var pause = ride.getAttribute('data-step') === 'ordering' ? ASK_SOON_MS : ASK_EVERY_MS;
  var forms = document.getElementsByTagName('form');

  function say(name) {
    if (status) status.textContent = ride.getAttribute('data-' + name);
  }

  function hear(answer) {
    var word = document.getElementById('word');
    if (String(answer.seq) !== ride.getAttribute('data-seq') || answer.step !== ride.getAttribute('data-step')) {
      location.replace(location.pathname);
    } else if (word && answer.word) {
      word.textContent = answer.word;
    } else if (word) {
      location.reload();
    }
  }

  function ask() {
    var request = new XMLHttpRequest();
    request.open('GET', ride.getAttribute('data-state'), true);
    request.onreadystatechange = function () {
      if (request.readyState !== 4) return;
      setTimeout(ask, pause);
      if (request.status === 200) hear(JSON.parse(request.responseText));
      else if (request.status === 401) location.reload();
    };
    request.send();
  }

  function opened(result) {
    var code = String(result && result.resultCode);
    say(SAID[code] || 'checking');
  }

  function cashier() {
    if (window.AlipayJSBridge) window.AlipayJSBridge.call('tradePay', { tradeNO: trade }, opened);
    else say('no-app');
  }

  // Opened by itself once for each order; who left it opens it again by hand.
  function first() {
    try {
      if (window.sessionStorage.getItem('taxi-cashier') === trade) return;
      window.sessionStorage.setItem('taxi-cashier', trade);
    } catch (error) {
      // A browser that keeps nothing opens it each time: at worst Alipay says that the trade is paid.
    }
    cashier();
  }

  function whenReady() {
    if (window.AlipayJSBridge) return first();
    var late = setTimeout(function () { say('no-app'); }, NO_BRIDGE_AFTER_MS);
    document.addEventListener('AlipayJSBridgeReady', function () {
      clearTimeout(late);
      first();
    }, false);
  }

  function once(form) {
    form.addEventListener('submit', function () {
      setTimeout(function () {
        var button = form.getElementsByTagName('button')[0];
        if (button) button.disabled = true;
      }, 0);
    }, false);
  }

  for (var i = 0; i < forms.length; i++) once(forms[i]);
  if (opener) {
    opener.onclick = cashier;
    whenReady();
  }
  if (ride.getAttribute('data-state')) setTimeout(ask, pause);
})();
