"""Explains Alipay's codes to drivers, cashiers and passengers, in English and Chinese.

Each text says what happened and how to continue. The codes are Alipay's (``error`` and ``detail_error_code`` of mapi,
``sub_code`` of openapi, here without its ``ACQ.``); the words are ours.
"""

# ruff: noqa: RUF001 - Chinese is written with Chinese punctuation

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec


class ErrorText(msgspec.Struct, frozen=True):
    """The event (``en``, ``zh``) and the advice (``do_en``, ``do_zh``)."""

    en: str
    zh: str
    do_en: str
    do_zh: str


UNLISTED: Final = ErrorText(
    "Alipay did not accept the payment.", "支付宝未受理此笔付款。",
    "Try again. If it fails again, pay another way.", "请重试，仍不行请换其他方式付款。",
)  # fmt: skip
"""For a code that is not in the table."""
PASSWORD: Final = ErrorText(
    "The passenger's phone asks for the password.", "乘客手机正在要求输入密码。",
    "Wait until it is entered. Do not scan again.", "请等待乘客输入，请勿重复扫码。",
)  # fmt: skip
"""While a scanned payment waits for the passenger's password."""
UNCLEAR: Final = ErrorText(
    "Alipay has not confirmed the result yet.", "支付宝暂未返回明确结果。",
    "Please wait. Do not pay again.", "请稍候，请勿重复付款。",
)  # fmt: skip
"""While the result is unknown."""

TABLE: Final[tuple[tuple[str, ErrorText], ...]] = (
    ("SYSTEM_ERROR SESSION_TIMEOUT UNKNOWN UNKNOW PROCESS_EXCEPTION isp.unknow-error aop.unknow-error",
     UNCLEAR),
    ("isv.app-call-limited isv.method-call-limited SYSTEM_RATE_LIMIT USER_RATE_LIMIT",
     ErrorText("Alipay is busy.", "支付宝当前请求过多。",
               "Wait a minute, then try again.", "请稍等一分钟后重试。")),
    ("""isv.code-invalid isv.invalid-auth-relations isv.insufficient-user-permissions aop.invalid-auth-token
        aop.auth-token-time-out""",
     ErrorText("The sign-in with Alipay has expired.", "支付宝登录授权已失效。",
               "Scan the code in the car again.", "请重新扫描车内二维码。")),
    ("""aop.invalid-app-auth-token aop.invalid-app-auth-token-no-api aop.app-auth-token-time-out
        aop.no-product-reg-by-partner isv.insufficient-isv-permissions isv.self-invoke-forbidden""",
     ErrorText("The company's Alipay authorisation for this system is invalid.", "公司对本系统的支付宝授权无效。",
               "Call the office; take cash meanwhile.", "请联系公司，暂收现金。")),
    ("""isv.missing-method isv.missing-signature isv.missing-signature-type isv.missing-signature-key
        isv.missing-app-id isv.missing-timestamp isv.missing-version isv.decryption-error-missing-encrypt-type
        isv.invalid-parameter isv.upload-fail isv.invalid-file-extension isv.invalid-file-size isv.invalid-method
        isv.invalid-format isv.invalid-signature-type isv.invalid-signature isv.invalid-encrypt-type
        isv.invalid-encrypt isv.invalid-app-id isv.invalid-timestamp isv.invalid-charset isv.invalid-digest
        isv.illegal-json isv.suspected-attack isv.not-online-app isv.app-cert-expired isv.missing-signature-config
        isv.decryption-error-unknown ILLEGAL_SIGN ILLEGAL_DYN_MD5_KEY ILLEGAL_ENCRYPT ILLEGAL_ARGUMENT
        INVALID_PARAMETER ILLEGAL_SERVICE ILLEGAL_USER ILLEGAL_PARTNER ILLEGAL_EXTERFACE ILLEGAL_PARTNER_EXTERFACE
        ILLEGAL_SECURITY_PROFILE ILLEGAL_AGENT ILLEGAL_SIGN_TYPE ILLEGAL_CHARSET INVALID_CHARACTER_SET
        ILLEGAL_CLIENT_IP HAS_NO_PUBLICKEY HAS_NO_PRIVILEGE ILLEGAL_TARGET_SERVICE ILLEGAL_ACCESS_SWITCH_SYSTEM
        EXTERFACE_IS_CLOSED PARTNER_ERROR ACCESS_FORBIDDEN SELLER_NOT_EXIST UN_SUPPORT_BIZ_TYPE
        INVALID_RECEIVE_ACCOUNT ERROR_SELLER_CERTIFY_LEVEL_LIMIT APPLY_PC_MERCHANT_CODE_ERROR AUTH_NO_ERROR
        INVAILID_ARGUMENTS NO_GATEWAY""",
     ErrorText("A setting of the company's Alipay account is wrong.", "公司的支付宝设置有误。",
               "Call the office; take cash meanwhile.", "请联系公司，暂收现金。")),
    ("TRADE_HAS_SUCCESS",
     ErrorText("This ride is already paid.", "本次行程已付款。",
               "Show the receipt.", "请查看付款凭证。")),
    ("TRADE_HAS_CLOSE",
     ErrorText("This payment was closed.", "该笔付款已关闭。",
               "Start the payment again.", "请重新发起付款。")),
    ("TRADE_NOT_EXIST PURCHASE_TRADE_NOT_EXIST",
     ErrorText("The payment was not found.", "未找到该笔付款。",
               "Wait a moment, or start again.", "请稍候或重新发起付款。")),
    ("TRADE_BUYER_NOT_MATCH",
     ErrorText("Another person started this payment.", "该笔付款由他人发起。",
               "Start the payment again.", "请重新发起付款。")),
    ("CONTEXT_INCONSISTENT",
     ErrorText("The details of this payment have changed.", "付款信息已变更。",
               "Start the payment again. If it fails again, call the office.", "请重新发起付款，仍不行请联系公司。")),
    ("REASON_ILLEGAL_STATUS TRADE_STATUS_ERROR REASON_TRADE_STATUS_INVALID",
     ErrorText("This is not possible in the payment's current state.", "当前付款状态不支持此操作。",
               "Wait for the result.", "请等待付款结果。")),
    ("NOW_TIME_AFTER_EXPIRE_TIME_ERROR",
     ErrorText("The time for this payment has expired.", "付款时间已过。",
               "Start the payment again.", "请重新发起付款。")),
    ("BUYER_BALANCE_NOT_ENOUGH",
     ErrorText("The passenger's balance is too low.", "乘客账户余额不足。",
               "Use another card, or cash.", "请换其他银行卡或现金。")),
    ("BUYER_BANKCARD_BALANCE_NOT_ENOUGH",
     ErrorText("The balance of the passenger's bank card is too low.", "乘客银行卡余额不足。",
               "Use another card, or cash.", "请换其他银行卡或现金。")),
    ("ERROR_BALANCE_PAYMENT_DISABLE",
     ErrorText("The passenger has turned off payment by balance.", "乘客已关闭余额支付。",
               "Turn it on, or pay another way.", "请开启余额支付或换其他方式付款。")),
    ("BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR",
     ErrorText("The passenger's daily limit is reached.", "乘客今日付款已达限额。",
               "Pay another way.", "请换其他方式付款。")),
    ("BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR",
     ErrorText("The passenger's monthly limit is reached.", "乘客本月付款已达限额。",
               "Pay another way.", "请换其他方式付款。")),
    ("BEYOND_PAY_RESTRICTION TOTAL_FEE_EXCEED BEYOND_PER_RECEIPT_RESTRICTION",
     ErrorText("The amount is too high for this account.", "金额超出该账户限额。",
               "Check the amount, or call the office.", "请核对金额或联系公司。")),
    ("PAYMENT_AUTH_CODE_INVALID",
     ErrorText("The passenger's code has expired.", "付款码已过期。",
               "Refresh the code and scan it again.", "请刷新付款码后重新扫描。")),
    ("PULL_MOBILE_CASHIER_FAIL",
     ErrorText("The passenger's phone could not open the payment.", "乘客手机未能打开付款页面。",
               "Scan again.", "请重新扫描。")),
    ("MOBILE_PAYMENT_SWITCH_OFF",
     ErrorText("The passenger has turned off mobile payment.", "乘客已关闭手机支付。",
               "Turn it on, or pay another way.", "请开启手机支付或换其他方式付款。")),
    ("CLIENT_VERSION_NOT_MATCH",
     ErrorText("The passenger's Alipay app is outdated.", "乘客的支付宝版本过低。",
               "Update the app, or pay another way.", "请更新支付宝或换其他方式付款。")),
    ("PAYMENT_FAIL",
     ErrorText("The payment failed.", "付款失败。",
               "Scan again, or pay another way.", "请重新扫码或换其他方式付款。")),
    ("PAYMENT_REQUEST_HAS_RISK",
     ErrorText("Alipay blocked this payment for security reasons.", "支付宝出于安全原因拦截了此笔付款。",
               "Pay another way.", "请换其他方式付款。")),
    ("BUYER_NOT_EXIST",
     ErrorText("The passenger's Alipay account does not exist.", "支付宝账户不存在。",
               "Scan the code again.", "请重新扫码。")),
    ("BUYER_ENABLE_STATUS_FORBID USER_FACE_PAYMENT_SWITCH_OFF ERROR_BUYER_CERTIFY_LEVEL_LIMIT",
     ErrorText("The passenger's Alipay account is restricted.", "乘客的支付宝账户受限。",
               "Pay another way. The passenger can contact Alipay.", "请换其他方式付款，乘客可联系支付宝。")),
    ("BUYER_SELLER_EQUAL",
     ErrorText("Payer and payee use the same account.", "不能向自己付款。",
               "Use another account.", "请换其他账户付款。")),
    ("EXIST_FORBIDDEN_WORD",
     ErrorText("The order's text contains forbidden words.", "订单文字含有违禁词。",
               "Call the office.", "请联系公司。")),
    ("AGREEMENT_NOT_EXIST",
     ErrorText("The passenger has not agreed to automatic payment.", "乘客未签署自动扣款协议。",
               "Pay another way.", "请换其他方式付款。")),
    ("SELLER_BALANCE_NOT_ENOUGH",
     ErrorText("The company's balance is too low for the refund.", "公司账户余额不足，无法退款。",
               "Top up the account, then repeat the refund.", "请充值后重新提交退款。")),
    ("SELLER_BEEN_BLOCKED MERCHANT_STATUS_NOT_NORMAL",
     ErrorText("The company's account is blocked.", "公司账户已被冻结。",
               "Call Alipay; take cash meanwhile.", "请联系支付宝，暂收现金。")),
    ("REFUND_AMT_NOT_EQUAL_TOTAL REFUND_FEE_ERROR REASON_TRADE_REFUND_FEE_ERR",
     ErrorText("The refund amount is wrong.", "退款金额有误。",
               "Check the amount.", "请核对退款金额。")),
    ("DISCORDANT_REPEAT_REQUEST",
     ErrorText("This refund's number was used with another amount.", "该退款号已用于其他金额。",
               "Check the result of the earlier refund first.", "请先查询该笔退款结果。")),
    ("TRADE_HAS_FINISHED TRADE_NOT_ALLOW_REFUND",
     ErrorText("Alipay's refund period has ended.", "已超过支付宝退款期限。",
               "Refund by other means.", "请以其他方式退款。")),
    ("REASON_TRADE_BEEN_FREEZEN",
     ErrorText("The payment is frozen.", "该笔付款已冻结。",
               "Wait, and tell the office.", "请稍候并通知公司。")),
    ("TRADE_CANCEL_TIME_OUT CANCEL_NOT_ALLOWED",
     ErrorText("The cancellation period has ended.", "已超过撤销期限。",
               "Refund instead.", "请改用退款。")),
    ("TRADE_SETTLE_ERROR",
     ErrorText("The money could not be transferred to the company's account.", "款项未能与公司账户结算。",
               "Wait, and tell the office.", "请稍候并通知公司。")),
    ("BILL_NOT_EXIST NO_BILL_DATA",
     ErrorText("There is no bill for that day.", "该日没有账单。",
               "Try again after nine in the morning.", "请于上午九点后重试。")),
)  # fmt: skip
"""Codes, and the text that explains them."""

ERROR_TEXTS: Final[Mapping[str, ErrorText]] = MappingProxyType(
    {code: text for codes, text in TABLE for code in codes.split()}
)


def error_text(code: str) -> ErrorText:
    """The text for Alipay's ``code``, with or without ``ACQ.``; :data:`UNLISTED` for an unknown code."""
    return ERROR_TEXTS.get(code) or ERROR_TEXTS.get(code.rpartition(".")[2], UNLISTED)
