"""Runs a third-party client of Alipay that takes calls from standard input.

Run as a script, with the folder of the client on ``PYTHONPATH``. The first line names the class of the package
``alipay`` to instantiate and the attributes to set; each further line is a call of one of its methods.
Answers are lines of JSON: ``{"said": …}``, or ``{"raised": the error's name, "text": …}``.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def main() -> None:
    setup = json.loads(sys.stdin.readline())
    client = getattr(importlib.import_module("alipay"), setup["class"])(**setup["arguments"])
    for name, value in setup["attributes"].items():
        setattr(client, name, value)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(client, json.loads(line))) + "\n")
        sys.stdout.flush()


def answer(client: Any, asked: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"said": getattr(client, asked["call"])(*asked["args"], **asked["kwargs"])}
    except Exception as error:  # noqa: BLE001 - any exception of the client is an answer
        return {"raised": type(error).__name__, "text": str(error)}


if __name__ == "__main__":
    main()
