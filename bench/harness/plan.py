"""The options of a bench: the fields of a dataclass are the options of its command."""

from dataclasses import dataclass
from typing import Annotated

from typer import Option

Cars = Annotated[int, Option(min=0, help="Number of cars.")]
Requests = Annotated[int, Option(min=1, help="Number of ride requests.")]
Seconds = Annotated[float, Option(min=0, help="Length of each measured span in seconds.")]
Rounds = Annotated[int, Option(min=1, help="Number of measured rounds.")]
Seed = Annotated[int, Option(help="Seed of the random choices.")]
Processes = Annotated[int, Option(min=1, help="Number of worker processes.")]
Cache = Annotated[str, Option(help="Folder of the travel-time table.")]


@dataclass(frozen=True, kw_only=True)
class BenchPlan:
    """Base of all plans."""

    json: Annotated[bool, Option("--json", help="Print one JSON object.")] = False
