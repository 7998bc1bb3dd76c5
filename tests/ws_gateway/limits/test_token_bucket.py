"""The local token bucket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ws_gateway.limits.token_bucket import KEPT, RateLimit, TokenBucket, TokenBuckets


def test_a_burst_and_then_the_rate() -> None:
    """Two at once, then one every half second; a refused one is not counted."""
    bucket = TokenBucket(RateLimit(2.0, 2), 10.0)
    assert [bucket.allow(10.0) for _ in range(4)] == [True, True, False, False]
    assert [bucket.allow(10.5) for _ in range(2)] == [True, False]
    assert [bucket.allow(100.0) for _ in range(3)] == [True, True, False]


@given(st.lists(st.floats(0.0, 5.0), max_size=60), st.floats(0.1, 10.0), st.integers(1, 10))
def test_never_more_than_burst_and_rate(steps: list[float], per_s: float, burst: int) -> None:
    """Over any time from the start, no more pass than the burst and what the rate adds."""
    bucket = TokenBucket(RateLimit(per_s, burst), 0.0)
    now, passed = 0.0, 0
    for step in steps:
        now += step
        passed += bucket.allow(now)
        assert passed <= burst + per_s * now + 1e-6


def test_memory_is_bounded() -> None:
    """However many names come, so many are remembered."""
    buckets = TokenBuckets()
    for number in range(KEPT + 10):
        assert buckets.allow(f"a{number}", RateLimit(1.0, 1), 1.0)
    assert len(buckets) == KEPT
