"""``python -m sim.alipay_sandbox --keys DIR``: the command ``taxi sandbox`` on its own."""

import typer

from sim.alipay_sandbox.command import sandbox

if __name__ == "__main__":
    typer.run(sandbox)
