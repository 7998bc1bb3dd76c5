"""Every setting is described, and a wrong one is one clear line."""

from pathlib import Path

import pytest

from dispatch.config.loader import Settings, SettingsError, load_settings
from tests.dispatch.config.samples import toml


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[matching]\nwindow_s = -1", "matching.window_s: must be greater than or equal to 0"),
        (
            '[matching]\nwindow_s = "soon"',
            "matching.window_s: must be a valid number, unable to parse string as a number",
        ),
        ("[matching]\nwindow_s = nan", "matching.window_s: must be a finite number"),
        ("[matching]\nwindwo_s = 1", "matching.windwo_s: unknown setting"),
        ("[matchin]\nwindow_s = 1", "matchin: unknown setting"),
        ("matching = 3", "matching: must be a table of settings"),
        ('[ray]\nplacement = "x"', "ray.placement: must be 'sharded' or 'dedicated'"),
        ("[[city.zones]]\nlat = 91", "city.zones.0.lat: must be less than or equal to 90"),
        ('[auth]\ntoken_secret = "short"', "auth.token_secret must have 32 characters or more"),
        ('[alipay]\ngateway_url = "https://x"', "alipay.partner must be set if gateway_url is set"),
        ('[alipay]\nbridge_url = "/bridge.js"', "alipay.bridge_url must begin with http:// or https://"),
        (
            '[alipay]\ngateway_url = "https://x"\npartner = "2088"\nsign_type = "MD5"',
            "alipay.md5_key must be set for sign_type MD5",
        ),
        (
            '[alipay]\ngateway_url = "https://x"\npartner = "2088"',
            "alipay.private_key_file and alipay_public_key_file must be set for sign_type RSA",
        ),
        (
            '[alipay.companies.blue]\ngateway_url = "https://x"',
            "alipay.companies.blue.partner must be set if gateway_url is set",
        ),
        (
            '[alipay]\nprotocol = "openapi"\nopenapi_url = "https://x"',
            "alipay.app_id and openapi_url must be set together",
        ),
        ('[alipay]\napp_id = "1"', "alipay.app_id and openapi_url must be set together"),
        (
            '[alipay]\napp_id = "1"\nopenapi_url = "https://x"',
            "alipay.app_private_key_file must be set if app_id is set",
        ),
        (
            '[alipay]\napp_id = "1"\nopenapi_url = "https://x"\nprivate_key = "k"',
            "alipay.openapi_public_key_file or app_cert_file must be set if app_id is set",
        ),
        (
            '[alipay]\napp_id = "1"\nopenapi_url = "https://x"\nprivate_key = "k"\napp_cert_file = "c"',
            "alipay.alipay_cert_file and alipay_root_cert_file must be set if app_cert_file is set",
        ),
        (
            '[alipay]\nprotocol = "openapi"\napp_id = "1"\nopenapi_url = "u"\nprivate_key="k"\nopenapi_public_key="p"',
            "alipay.partner must be set if openapi_url is set",
        ),
        (
            '[alipay]\nprotocol = "acquirer"\ngateway_url = "https://x"\npartner = "cab"',
            "alipay.sign_type must be one of HMAC-SHA256, RSA2 for protocol acquirer",
        ),
        (
            '[alipay]\nprotocol = "acquirer"\ngateway_url = "https://x"\npartner = "cab"\nsign_type = "HMAC-SHA256"',
            "alipay.acquirer_secret must have 32 characters or more for sign_type HMAC-SHA256",
        ),
    ],
)
def test_wrong_setting_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    """The line names the setting and says what it must be."""
    with pytest.raises(SettingsError) as caught:
        load_settings(toml(tmp_path / "a.toml", text))

    assert message == str(caught.value)
    assert caught.value.__suppress_context__


def test_every_setting_has_a_meaning() -> None:
    """No field without a description, and every second says on which clock."""
    for name, field in Settings.model_fields.items():
        for key, each in type(field.default).model_fields.items():
            assert each.description, f"{name}.{key}"
            extra = each.json_schema_extra
            assert isinstance(extra, dict)
            assert not key.endswith("_s") or extra["unit"] in {"s, city", "s, wall", "1/s, wall"}, f"{name}.{key}"
