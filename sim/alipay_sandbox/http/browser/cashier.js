// Tells the page that this cashier lies over how the payment ended; nobody else, for the message names its origin.
(function () {
  var told = document.body.dataset;
  if (!told.embedder || window.parent === window) return;
  window.parent.postMessage(
    JSON.stringify({
      sandbox: 'alipay',
      tradeNO: told.tradeNo,
      resultCode: told.resultCode || '',
      memo: told.memo || ''
    }),
    told.embedder
  );
})();
