"""Example tariffs: TOML files in this folder, named by city. Imports the domain. A company writes its own tariff."""

from importlib.resources import files
from pathlib import Path

from dispatch.domain.fare.tariff import Tariff, TariffError, load_tariff

__all__ = ["TariffError", "read_tariff", "shipped"]


def shipped() -> tuple[str, ...]:
    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def read_tariff(name: str) -> Tariff:
    """The included tariff of that name, or the tariff in that ``.toml`` file.

    Raises :class:`TariffError` with one line if there is none, or if the file is no valid tariff.
    """
    try:
        return load_tariff(_text(name))
    except TariffError as error:
        raise TariffError(f"tariff {name}: {error}") from error


def _text(name: str) -> str:
    if name in shipped():
        return (files(__name__) / f"{name}.toml").read_text(encoding="utf-8")
    path = Path(name)
    if path.suffix != ".toml":
        raise TariffError(f"no such tariff; included: {', '.join(shipped())}; or name a .toml file")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TariffError(f"cannot be read: {error}") from error
