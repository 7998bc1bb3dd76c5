// Posts the payment result to the page that embeds the cashier; the target origin keeps it from any other page.
(function () {
  var result = document.body.dataset;
  if (!result.embedder || window.parent === window) return;
  window.parent.postMessage(
    JSON.stringify({
      sandbox: 'alipay',
      tradeNO: result.tradeNo,
      resultCode: result.resultCode || '',
      memo: result.memo || ''
    }),
    result.embedder
  );
})();
