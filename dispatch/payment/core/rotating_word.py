"""The verification word: equal on the passenger's and the driver's screen, and replaced every minute.

A screenshot of an earlier payment shows another word, so it proves nothing. A word cannot be predicted, because it is
derived with a key that only the gateways have. Two consecutive minutes never have the same word.
"""

from hashlib import blake2b
from typing import Final

import msgspec

MINUTE_S: Final = 60

WORDS: Final = (
    ("apple", "苹果"), ("bamboo", "竹子"), ("bell", "铃铛"), ("boat", "小船"), ("bread", "面包"), ("bridge", "大桥"),
    ("camel", "骆驼"), ("candle", "蜡烛"), ("carrot", "萝卜"), ("cat", "小猫"), ("cherry", "樱桃"), ("cloud", "云朵"),
    ("crane", "仙鹤"), ("crown", "皇冠"), ("dolphin", "海豚"), ("dragon", "神龙"), ("drum", "大鼓"), ("eagle", "老鹰"),
    ("egg", "鸡蛋"), ("feather", "羽毛"), ("fish", "金鱼"), ("flag", "旗帜"), ("flute", "笛子"), ("forest", "森林"),
    ("fox", "狐狸"), ("garlic", "大蒜"), ("ginger", "生姜"), ("goat", "山羊"), ("grape", "葡萄"), ("hammer", "锤子"),
    ("honey", "蜂蜜"), ("horse", "骏马"), ("island", "海岛"), ("jasmine", "茉莉"), ("kite", "风筝"), ("ladder", "梯子"),
    ("lantern", "灯笼"), ("lemon", "柠檬"), ("lion", "狮子"), ("lotus", "荷花"), ("mango", "芒果"), ("moon", "月亮"),
    ("mountain", "高山"), ("mushroom", "蘑菇"), ("needle", "绣针"), ("onion", "洋葱"), ("orange", "橙子"),
    ("oven", "烤箱"), ("panda", "熊猫"), ("peach", "桃子"), ("pearl", "珍珠"), ("pine", "松树"), ("plum", "梅花"),
    ("rabbit", "兔子"), ("river", "河流"), ("rose", "玫瑰"), ("silk", "丝绸"), ("snow", "白雪"), ("swan", "天鹅"),
    ("star", "星星"), ("tiger", "老虎"), ("tomato", "番茄"), ("umbrella", "雨伞"), ("willow", "柳树"),
)  # fmt: skip
"""Pairs of English and Chinese."""


class VerificationWord(msgspec.Struct, frozen=True):
    """The word of a minute in both languages. ``until`` is its end, in wall seconds."""

    en: str
    zh: str
    until: float


def verification_word(secret: bytes, wall: float) -> VerificationWord:
    """The word of the minute that contains ``wall`` (Unix seconds)."""
    minute = int(wall // MINUTE_S)
    # Even minutes use the first half of the words and odd minutes the second, so neighbours always differ.
    half = len(WORDS) // 2
    en, zh = WORDS[_drawn(secret, minute) % half + half * (minute % 2)]
    return VerificationWord(en, zh, float((minute + 1) * MINUTE_S))


def _drawn(secret: bytes, minute: int) -> int:
    digest = blake2b(minute.to_bytes(8, "big", signed=True), digest_size=8, key=secret[:64], person=b"minute-word")
    return int.from_bytes(digest.digest(), "big")
