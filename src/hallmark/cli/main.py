"""The command `hallmark`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points

from hallmark.kernel.errors import HallmarkError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    parser = argparse.ArgumentParser(
        "hallmark", description="金融科技产品认证 · product certification for payment technology"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for point in entry_points(group="hallmark.commands"):
        point.load()(commands.add_parser(point.name, help="run the server / 运行服务器"))
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except HallmarkError as error:
        print(error.explain("zh"), error.explain("en"), sep="\n", file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
