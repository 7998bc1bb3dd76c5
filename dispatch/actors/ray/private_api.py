"""Private APIs of Ray. ``pyproject.toml`` limits Ray's version; a test names each attribute used here."""

from ray._private.authentication.authentication_token_setup import maybe_enable_token_auth_if_token_available


def enable_token_authentication() -> None:
    """Authenticate with the token that the head created for this user.

    ``ray.init`` does so only when it searches for a cluster, not when it is given an address.
    """
    maybe_enable_token_auth_if_token_available(warn_if_disabled=False)
