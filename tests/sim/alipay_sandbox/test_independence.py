"""The sandbox and the product share no code: each is a check on the other only as long as that holds."""

import ast
from pathlib import Path

import pytest

import dispatch.payment
import sim.alipay_sandbox


def imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize(
    ("package", "stranger"), [(sim.alipay_sandbox, "dispatch"), (dispatch.payment, "sim")], ids=["sandbox", "product"]
)
def test_neither_imports_the_other(package: object, stranger: str) -> None:
    """No file of one side imports the other side."""
    folder = Path(str(package.__file__)).parent  # type: ignore[attr-defined]
    files = sorted(folder.rglob("*.py"))

    assert files
    assert [file.name for file in files if stranger in imports(file)] == []
