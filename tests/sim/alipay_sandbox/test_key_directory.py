"""Key files are made once, for both sides, and for their owner's eyes."""

import json
import stat
from pathlib import Path

from sim.alipay_sandbox.key_directory import read_merchant, write_demo_keys, write_demo_merchants
from sim.alipay_sandbox.model.signature import MerchantKeys
from tests.sim.alipay_sandbox.merchant import demo


def test_demo_keys(tmp_path: Path) -> None:
    """The files hold both halves, are private, and stay as they are when asked for again."""
    folder = tmp_path / "keys"
    made = write_demo_keys(folder)
    again = write_demo_keys(folder)

    assert made == again == read_merchant(folder)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in folder.iterdir())
    assert sorted(file.name for file in folder.iterdir()) == [
        "alipay_cert.pem",
        "alipay_private.pem",
        "alipay_public.pem",
        "alipay_root_cert.pem",
        "app_cert.pem",
        "content.key",
        "md5.key",
        "merchant.json",
        "merchant_private.pem",
        "merchant_public.pem",
    ]
    assert all(MerchantKeys(made).has_key(sign_type) for sign_type in ("MD5", "RSA", "RSA2"))


def test_a_half_made_directory_is_made_anew(tmp_path: Path) -> None:
    """Where the making was cut short, no half of a pair is kept."""
    (tmp_path / "md5.key").write_text("half")

    assert write_demo_keys(tmp_path).md5_key != "half"


def test_further_merchants(tmp_path: Path) -> None:
    """Each has a folder and keys of its own; the first may act for the others, with tokens that stay the same."""
    others = ("2088000000000201", "2088000000000202")
    made = write_demo_merchants(tmp_path, others[:1], ["cab.example"])
    again = write_demo_merchants(tmp_path, others)

    assert [merchant.partner for merchant in again] == [made[0].partner, *others]
    assert len({merchant.md5_key for merchant in again}) == len({merchant.app_id for merchant in again}) == 3
    assert set(again[0].app_auth_tokens.values()) == set(others)
    assert made[0].app_auth_tokens.items() <= again[0].app_auth_tokens.items()
    assert all(len(token) == 40 for token in again[0].app_auth_tokens)
    assert again[1].app_auth_tokens == {}
    assert "cab.example" in again[0].callback_hosts


def test_a_directory_from_before(tmp_path: Path) -> None:
    """What an older directory lacks is added; its keys stay."""
    made = write_demo_keys(tmp_path)
    (tmp_path / "merchant.json").write_text(json.dumps({"partner": made.partner, "email": made.email}))
    for name in ("app_cert.pem", "alipay_cert.pem", "alipay_root_cert.pem"):
        (tmp_path / name).unlink()
    completed = write_demo_keys(tmp_path)

    assert (completed.md5_key, completed.merchant_public_pem) == (made.md5_key, made.merchant_public_pem)
    assert completed.app_id == made.app_id
    assert "BEGIN CERTIFICATE" in completed.app_cert_pem


def test_repr_shows_no_key() -> None:
    """Neither half shows its keys."""
    assert demo().md5_key not in repr(demo()) + repr(demo().at_alipay())
    assert "BEGIN" not in repr(demo()) + repr(demo().at_alipay())
