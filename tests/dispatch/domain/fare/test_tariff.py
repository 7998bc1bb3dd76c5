"""Tariffs are read whole or refused with the place of the error."""

from pathlib import Path

import pytest

from dispatch.config.tariffs import read_tariff, shipped
from dispatch.domain.fare.fare import (
    load_tariff,
)
from dispatch.domain.fare.tariff import TariffError
from tests.dispatch.domain.fare.fare_samples import NIGHTS


def test_shipped_tariffs_are_named_after_cities() -> None:
    """Both examples ship, with the source of their figures."""
    assert shipped() == ("san_francisco", "shanghai")
    assert read_tariff("san_francisco").source == "SFMTA taxi fares 2011-2022"
    assert read_tariff("shanghai").currency == "CNY"


def test_tariff_is_read_from_a_file(tmp_path: Path) -> None:
    """A company names its own file."""
    path = tmp_path / "ours.toml"
    path.write_text(NIGHTS.format(night=""), encoding="utf-8")

    assert read_tariff(str(path)).name == "Ours"
    with pytest.raises(TariffError, match=r"no such tariff; included: san_francisco, shanghai"):
        read_tariff("atlantis")
    with pytest.raises(TariffError, match="cannot be read"):
        read_tariff(str(path.with_name("none.toml")))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"USD"', '"XYZ"', "currency must be one of"),
        ("America/Los_Angeles", "Mars/Olympus", "time_zone must be"),
        ('up_to_m = "500"', 'up_to_m = "50"', "up_to_m must rise"),
        (', up_to_m = "500"', "", "up_to_m must rise"),
        ('label = "b"', 'label = "b", up_to_m = "900"', "a last one without"),
        ('step_s = "60"', 'step_s = "0"', "above zero"),
        ('amount = "5"', 'amount = "-5"', "below zero"),
        ('label = "minute", amount = "1"', 'label = "minute"', "either amount or as_meters"),
        ('label = "minute"', 'lable = "minute"', "unknown field `lable` - at `$.waiting`"),
        ("below_kmh = 10", "below_kmh = true", r"at `$.waiting.below_kmh`"),
        ("name =", "name", "at line 2"),
    ],
)
def test_wrong_tariff_is_refused_with_the_place(old: str, new: str, message: str) -> None:
    """A tariff that cannot be meant is an error in one line."""
    text = NIGHTS.format(night="")
    assert old in text

    with pytest.raises(TariffError) as caught:
        load_tariff(text.replace(old, new, 1))

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
