"""The string to sign and the MD5 seal are those of published requests."""

import json
from pathlib import Path
from typing import Any

import pytest

from sim.alipay_sandbox.model.merchants import Merchant
from sim.alipay_sandbox.model.signature import MerchantKeys, string_to_sign

PUBLISHED = json.loads((Path(__file__).parents[1] / "vectors" / "mapi_md5_chloerei.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", PUBLISHED["vectors"], ids=lambda vector: str(vector["service"]))
def test_requests_of_the_gem_alipay(vector: dict[str, Any]) -> None:
    """Requests published with the tests of the gem ``alipay`` (github.com/chloerei/alipay) are genuine."""
    seal = MerchantKeys(Merchant(partner=PUBLISHED["partner"], md5_key=PUBLISHED["md5_key"]))
    text = string_to_sign(vector["params"])

    assert text == vector["string_to_sign"]
    assert seal.verify("MD5", text.encode(), vector["sign"])
    assert not seal.verify("MD5", text.encode() + b"x", vector["sign"])
