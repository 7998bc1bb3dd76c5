"""The domain's rules follow the settings."""

import msgspec
import pytest

from dispatch.config.loader import SettingsError, load_settings
from dispatch.config.rules import rules_of
from dispatch.domain.fare.gps_meter import MeterRules
from dispatch.domain.rules import Rules


def test_rules_follow_the_settings() -> None:
    """What entities decide by is what was set; the waiting speed is the tariff's unless it is set."""
    ours = rules_of(
        load_settings(overrides={"offer.countdown_s": 9, "city.tariff": "shanghai", "meter.checkpoint_m": 50})
    )
    slow = rules_of(load_settings(overrides={"meter.waiting_below_kmh": 7}))

    assert (ours.offer_countdown_s, ours.tariff.currency) == (9, "CNY")
    assert (ours.meter.waiting_kmh, ours.meter.checkpoint_m, slow.meter.waiting_kmh) == (12, 50, 7)
    assert slow.from_airport(37.6152, -122.3899)
    assert not slow.from_airport(37.7793, -122.4193)


def test_default_rules_are_those_of_the_settings() -> None:
    """The defaults stand in two places and must not drift apart."""
    settled = rules_of(load_settings())

    assert msgspec.structs.replace(settled, zones=()) == Rules(settled.tariff, settled.meter)
    assert settled.meter == MeterRules(settled.tariff.waiting.below_kmh)


def test_tariff_that_does_not_exist_is_one_line() -> None:
    """The line names the setting."""
    with pytest.raises(SettingsError, match=r"^city\.tariff: tariff atlantis: no such tariff"):
        rules_of(load_settings(overrides={"city.tariff": "atlantis"}))
