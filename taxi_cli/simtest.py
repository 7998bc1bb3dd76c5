"""``taxi simtest``: the whole system on a virtual clock with seeded faults, and a test with planted bugs."""

from pathlib import Path
from typing import Annotated

import typer

from taxi_cli.options import Json, fail, print_json


def simtest(
    seeds: Annotated[int, typer.Option(min=1, help="Number of worlds, from seed --first on.")] = 100,
    first: Annotated[int, typer.Option(help="First seed.")] = 1,
    seed: Annotated[int | None, typer.Option(help="Only this seed.")] = None,
    trace: Annotated[bool, typer.Option("--trace", help="Print the trace (with --seed).")] = False,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Plant one bug after another; each must be found.")
    ] = False,
    only: Annotated[str, typer.Option(help="With --mutants: only names that contain this.")] = "",
    keep: Annotated[Path | None, typer.Option(help="Append failed seeds to this file.")] = None,
    json: Json = False,
) -> None:
    """Simulate whole days with crashes, lost messages and wrong clocks, and check the invariants.

    Exit code 1: an invariant was violated, or a planted bug was not found.
    """
    from sim.simtest.run import Outcome, run_seed, run_seeds
    from sim.simtest.run import keep as keep_seeds

    if mutants:
        _mutants(seeds, only, as_json=json)
        return
    if seed is not None and trace:
        outcome = run_seed(seed, trace=True)
        typer.echo("".join(outcome.trace), nl=False)
        for oracle, seen in outcome.violations:
            typer.echo(f"violated: {oracle}: {seen}")
        raise typer.Exit(bool(outcome.violations))
    if trace:
        raise fail("--trace needs --seed")

    def report_violations(outcome: Outcome) -> None:
        for oracle, seen in outcome.violations:
            typer.echo(f"seed {outcome.seed}: {oracle}: {seen}", err=True)

    report = run_seeds([seed] if seed is not None else range(first, first + seeds), report_violations)
    failed = sorted({int(str(violation["seed"])) for violation in report["violations"]})
    if keep is not None and failed:
        keep_seeds(keep, failed)
    if json:
        print_json(report)
    else:
        for name, value in report.items():
            typer.echo(f"{name}: {value}")
    raise typer.Exit(bool(failed))


def _mutants(seeds: int, only: str, *, as_json: bool) -> None:
    from sim.simtest.mutation_hunt import hunt

    found = hunt(seeds, only, lambda line: typer.echo(line, err=True))
    if as_json:
        print_json(found)
    else:
        for each in found["mutants"]:
            typer.echo(f"{each['mutant']}: {each['found_after'] or 'not found'} ({each['oracle']})")
    raise typer.Exit(bool(found["missed"]))
