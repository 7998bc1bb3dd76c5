"""``taxi qr``: QR codes for vehicles, by which passengers pay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.domain.registry import VehicleRecord
from taxi_cli.database import InputError, with_registry
from taxi_cli.options import Config, DataDir, fail, settings_for

if TYPE_CHECKING:
    from dispatch.store.queries.registry import SqlRegistry

KINDS = (".svg", ".png")


def qr(
    vehicle: Annotated[str, typer.Argument(metavar="[VEHICLE]", help="Vehicle id: V123.")] = "",
    out: Annotated[Path | None, typer.Option(help="Picture file, .svg or .png; with --all a folder.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All active vehicles, into a folder.")] = False,
    png: Annotated[bool, typer.Option("--png", help="With --all: PNG instead of SVG.")] = False,
    company: Annotated[str, typer.Option(help="Company name to print below the number.")] = "",
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Write a vehicle's QR code with its number below.

    With --data-dir the vehicle must be in the registry.
    """
    public_url = settings_for(config, data_dir).public_url
    if out is None:
        raise fail("--out is required")
    if all_ == bool(vehicle):
        raise fail("use either VEHICLE or --all")
    kind = (".png" if png else ".svg") if all_ else out.suffix.lower()
    if kind not in KINDS:
        raise fail(f"--out must end in {' or '.join(KINDS)}")
    picture = _Picture(public_url, kind, company)
    if not all_ and data_dir is None:
        _unchecked(picture, vehicle, out)
        return

    async def work(registry: SqlRegistry) -> str:
        if not all_:
            return picture.write((await registry.require(VehicleRecord, vehicle)).id, out)
        cars = [car.id for car in await registry.entries(VehicleRecord) if car.active]
        out.mkdir(parents=True, exist_ok=True)
        for car in cars:
            picture.write(car, out / f"{car}{kind}")
        return f"{len(cars)} codes written to {out}"

    with_registry(config, data_dir, work)


class _Picture:
    """QR codes of one system in one picture format."""

    def __init__(self, public_url: str, kind: str, company: str) -> None:
        self._public_url = public_url
        self._kind = kind
        self._company = company

    def write(self, vehicle: str, out: Path) -> str:
        """Write a vehicle's picture; returns a line of output. Raises ``ValueError`` for an invalid vehicle id."""
        from dispatch.domain.errors import DispatchError, ErrorCode
        from ws_gateway.pay.page_context import known_name
        from ws_gateway.pay.qr_code import pay_url, png_picture, svg_picture

        try:
            address = pay_url(self._public_url, known_name(vehicle, ErrorCode.UNKNOWN_VEHICLE))
        except DispatchError as error:
            raise InputError(f"{vehicle!r} is not a valid vehicle id") from error
        draw = png_picture if self._kind == ".png" else svg_picture
        out.write_bytes(draw(address, vehicle, self._company))
        return f"{out}: {address}"


def _unchecked(picture: _Picture, vehicle: str, out: Path) -> None:
    try:
        typer.echo(picture.write(vehicle, out))
    except (ValueError, OSError) as error:
        raise fail(str(error)) from error
