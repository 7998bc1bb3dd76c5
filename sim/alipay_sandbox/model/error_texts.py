# ruff: noqa: RUF001 - Chinese punctuation
"""Alipay's texts for its error codes: ``detail_error_des`` and ``sub_msg``."""

from __future__ import annotations

from typing import Final

ERROR_TEXTS: Final = {
    "SYSTEM_ERROR": "系统错误",
    "TRADE_NOT_EXIST": "交易不存在",
    "TRADE_HAS_SUCCESS": "交易已经支付",
    "TRADE_HAS_CLOSE": "交易已经关闭",
    "TRADE_HAS_FINISHED": "交易已经完结",
    "TRADE_NOT_ALLOW_REFUND": "交易不允许退款",
    "TRADE_STATUS_ERROR": "交易状态不合法",
    "REASON_TRADE_STATUS_INVALID": "交易状态异常",
    "REASON_ILLEGAL_STATUS": "交易状态不合法",
    "TRADE_BUYER_NOT_MATCH": "交易买家不匹配",
    "TRADE_CANCEL_TIME_OUT": "超过撤销时间范围",
    "CANCEL_NOT_ALLOWED": "不允许撤销",
    "CONTEXT_INCONSISTENT": "交易信息被篡改",
    "DISCORDANT_REPEAT_REQUEST": "不一致的请求",
    "REFUND_AMT_NOT_EQUAL_TOTAL": "撤销或退款金额与订单金额不一致",
    "REASON_TRADE_REFUND_FEE_ERR": "退款金额无效",
    "SELLER_BALANCE_NOT_ENOUGH": "商户余额不足",
    "BUYER_NOT_EXIST": "买家不存在",
    "BUYER_ENABLE_STATUS_FORBID": "买家状态非法",
    "BUYER_BALANCE_NOT_ENOUGH": "买家余额不足",
    "BUYER_BANKCARD_BALANCE_NOT_ENOUGH": "用户银行卡余额不足",
    "BUYER_SELLER_EQUAL": "买卖家不能相同",
    "SELLER_NOT_EXIST": "卖家不存在",
    "PAYMENT_AUTH_CODE_INVALID": "支付授权码无效",
    "NOW_TIME_AFTER_EXPIRE_TIME_ERROR": "系统时间大于预下单过期时间",
    "ACCESS_FORBIDDEN": "无权限使用接口",
    "UN_SUPPORT_BIZ_TYPE": "不支持的业务类型",
    "INVALID_PARAMETER": "参数无效",
    "BILL_NOT_EXIST": "账单不存在",
    "INVAILID_ARGUMENTS": "入参不合法",
}
WRONG_SIGNATURE: Final = "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为："
