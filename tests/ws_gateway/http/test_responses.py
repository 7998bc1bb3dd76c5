"""What all HTTP endpoints share."""

from __future__ import annotations

import pytest

from ws_gateway.http.responses import accepts_gzip


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip, br", True),
        ("GZIP;q=0.5", True),
        ("br, gzip;q=0", False),
        ("gzip;q=x", False),
        ("*", False),
        ("", False),
    ],
)
def test_gzip_is_sent_to_those_that_take_it(header: str, accepted: bool) -> None:
    """Refused and unreadable weights do not count."""
    assert accepts_gzip(header) is accepted
