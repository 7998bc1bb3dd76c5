"""I/O. The payment pages behind the QR code in a car, for Alipay's browser. Imports ``http``, ``auth``, ``limits``.

They are rendered by the server and exist deliberately beside ``web/src/ride``: old WebViews do not run the web app.
"""
