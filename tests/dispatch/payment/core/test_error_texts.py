"""Business errors reach people as plain sentences in both languages."""

import pytest

from dispatch.payment.core import error_texts as phrases
from dispatch.payment.core.error_texts import ERROR_TEXTS, UNLISTED, error_text

OPENAPI_CODES = """
isp.unknow-error aop.unknow-error aop.invalid-auth-token aop.auth-token-time-out aop.invalid-app-auth-token
aop.invalid-app-auth-token-no-api aop.app-auth-token-time-out aop.no-product-reg-by-partner isv.missing-method
isv.missing-signature isv.missing-signature-type isv.missing-signature-key isv.missing-app-id
isv.missing-timestamp isv.missing-version isv.decryption-error-missing-encrypt-type isv.invalid-parameter
isv.upload-fail isv.invalid-file-extension isv.invalid-file-size isv.invalid-method isv.invalid-format
isv.invalid-signature-type isv.invalid-signature isv.invalid-encrypt-type isv.invalid-encrypt
isv.invalid-app-id isv.invalid-timestamp isv.invalid-charset isv.invalid-digest isv.illegal-json
isv.suspected-attack isv.code-invalid isv.not-online-app isv.app-cert-expired isv.missing-signature-config
isv.decryption-error-unknown isv.invalid-auth-relations isv.app-call-limited isv.method-call-limited
isv.insufficient-isv-permissions isv.insufficient-user-permissions isv.self-invoke-forbidden
"""
"""``sub_code`` of the openapi gateway (opendocs.alipay.com ``common/02km9f``)."""
MAPI_CODES = """
ILLEGAL_SIGN ILLEGAL_DYN_MD5_KEY ILLEGAL_ENCRYPT ILLEGAL_ARGUMENT INVALID_PARAMETER ILLEGAL_SERVICE
ILLEGAL_USER ILLEGAL_PARTNER ILLEGAL_EXTERFACE ILLEGAL_PARTNER_EXTERFACE ILLEGAL_SECURITY_PROFILE
ILLEGAL_AGENT ILLEGAL_SIGN_TYPE ILLEGAL_CHARSET INVALID_CHARACTER_SET ILLEGAL_CLIENT_IP HAS_NO_PUBLICKEY
HAS_NO_PRIVILEGE SYSTEM_ERROR SESSION_TIMEOUT ILLEGAL_TARGET_SERVICE ILLEGAL_ACCESS_SWITCH_SYSTEM
EXTERFACE_IS_CLOSED TRADE_BUYER_NOT_MATCH CONTEXT_INCONSISTENT TRADE_HAS_SUCCESS TRADE_HAS_CLOSE
REASON_ILLEGAL_STATUS EXIST_FORBIDDEN_WORD PARTNER_ERROR ACCESS_FORBIDDEN SELLER_NOT_EXIST BUYER_NOT_EXIST
BUYER_ENABLE_STATUS_FORBID BUYER_SELLER_EQUAL UN_SUPPORT_BIZ_TYPE INVALID_RECEIVE_ACCOUNT
BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR BEYOND_PAY_RESTRICTION ERROR_BUYER_CERTIFY_LEVEL_LIMIT
ERROR_SELLER_CERTIFY_LEVEL_LIMIT CLIENT_VERSION_NOT_MATCH AUTH_NO_ERROR AGREEMENT_NOT_EXIST
BUYER_BALANCE_NOT_ENOUGH BUYER_BANKCARD_BALANCE_NOT_ENOUGH PULL_MOBILE_CASHIER_FAIL PAYMENT_FAIL
MOBILE_PAYMENT_SWITCH_OFF TRADE_NOT_EXIST PURCHASE_TRADE_NOT_EXIST TRADE_SETTLE_ERROR
"""
"""``error`` and ``detail_error_code`` of mapi (docs.antom.com ``gr/error_code``)."""
BUSINESS_CODES = """
SYSTEM_ERROR TRADE_NOT_EXIST TRADE_HAS_SUCCESS TRADE_HAS_CLOSE TRADE_HAS_FINISHED TRADE_NOT_ALLOW_REFUND
TRADE_STATUS_ERROR REASON_TRADE_STATUS_INVALID BUYER_BALANCE_NOT_ENOUGH BUYER_BANKCARD_BALANCE_NOT_ENOUGH
ERROR_BALANCE_PAYMENT_DISABLE BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR BEYOND_PAY_RESTRICTION TOTAL_FEE_EXCEED
BEYOND_PER_RECEIPT_RESTRICTION PAYMENT_AUTH_CODE_INVALID PULL_MOBILE_CASHIER_FAIL MOBILE_PAYMENT_SWITCH_OFF
PAYMENT_FAIL PAYMENT_REQUEST_HAS_RISK BUYER_ENABLE_STATUS_FORBID USER_FACE_PAYMENT_SWITCH_OFF
BUYER_SELLER_EQUAL TRADE_BUYER_NOT_MATCH CONTEXT_INCONSISTENT EXIST_FORBIDDEN_WORD INVALID_PARAMETER
PARTNER_ERROR ACCESS_FORBIDDEN APPLY_PC_MERCHANT_CODE_ERROR SELLER_BALANCE_NOT_ENOUGH SELLER_BEEN_BLOCKED
MERCHANT_STATUS_NOT_NORMAL REFUND_AMT_NOT_EQUAL_TOTAL REFUND_FEE_ERROR REASON_TRADE_REFUND_FEE_ERR
DISCORDANT_REPEAT_REQUEST REASON_TRADE_BEEN_FREEZEN TRADE_CANCEL_TIME_OUT CANCEL_NOT_ALLOWED
NOW_TIME_AFTER_EXPIRE_TIME_ERROR BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR
"""
"""``sub_code`` of openapi's business failures, without ``ACQ.`` (jaq-doc.alibaba.com 104632)."""

ALL_CODES = [
    *OPENAPI_CODES.split(),
    *MAPI_CODES.split(),
    *BUSINESS_CODES.split(),
    *(f"ACQ.{code}" for code in BUSINESS_CODES.split()),
]


@pytest.mark.parametrize("code", ALL_CODES)
def test_every_documented_code_has_words(code: str) -> None:
    """No documented code reaches a driver as nothing but \"not accepted\"."""
    assert error_text(code) is not UNLISTED


def test_no_code_has_two_phrases() -> None:
    """The table is read as a dictionary, so a code named twice would lose one of its phrases."""
    named = [code for codes, _ in phrases.TABLE for code in codes.split()]

    assert sorted(named) == sorted(set(named))


def test_known_code_with_and_without_prefix() -> None:
    """mapi's and openapi's spelling of a code give the same words."""
    assert error_text("TRADE_HAS_SUCCESS") is error_text("ACQ.TRADE_HAS_SUCCESS")
    assert error_text("NEW_CODE_OF_NEXT_YEAR") is UNLISTED


@pytest.mark.parametrize("code", ERROR_TEXTS)
def test_sentences_are_complete(code: str) -> None:
    """Each code has four sentences, and none quotes the code at the reader."""
    words = error_text(code)

    for sentence in (words.en, words.do_en):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert code not in sentence
    assert words.zh.endswith("。")
    assert words.do_zh.endswith("。")
