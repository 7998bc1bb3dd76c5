"""Key files are made once, for both sides, and for their owner's eyes."""

import stat
from pathlib import Path

from sim.alipay_sandbox.key_directory import read_merchant, write_demo_keys
from sim.alipay_sandbox.signature import Seal
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
        "md5.key",
        "merchant.json",
        "merchant_private.pem",
        "merchant_public.pem",
    ]
    assert all(Seal(made).has_key(sign_type) for sign_type in ("MD5", "RSA", "RSA2"))


def test_a_half_made_directory_is_made_anew(tmp_path: Path) -> None:
    """Where the making was cut short, no half of a pair is kept."""
    (tmp_path / "md5.key").write_text("half")

    assert write_demo_keys(tmp_path).md5_key != "half"


def test_repr_shows_no_key() -> None:
    """Neither half shows its keys."""
    assert demo().md5_key not in repr(demo()) + repr(demo().at_alipay())
    assert "BEGIN" not in repr(demo()) + repr(demo().at_alipay())
