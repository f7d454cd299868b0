"""The entry of `hallmark`: parse, load what the command needs, run it, print. Never a traceback."""

from __future__ import annotations

import importlib
import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from hallmark.cli import commands, grammar
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Language, Text, quoted


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code (`grammar.EXIT_CODES`)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    language = grammar.language_of(given, os.environ)
    try:
        parser = grammar.build(commands.COMMANDS, commands.GROUPS, language, given)
        options = parser.parse_args(given)
    except SystemExit as end:  # argparse ends so after help and after usage
        return int(end.code or 0)
    return _guarded(options, language)


def _guarded(options: Namespace, language: Language) -> int:
    from hallmark.cli import errors  # noqa: PLC0415 - help needs none of it
    from hallmark.verify import disk  # noqa: PLC0415 - ditto

    as_json = getattr(options, "json", False)
    try:
        return _run(options, language)
    except HallmarkError as error:
        return _fail(error, language, as_json=as_json)
    except KeyboardInterrupt:
        return errors.INTERRUPTED
    except BrokenPipeError:  # the reader has gone; let the interpreter end without complaint
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        path = error.filename or Text("输出", "the output")
        if error.filename is None:  # a full disk: let the interpreter end without complaint
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _fail(errors.NoAccess(path=path, why=disk.reason(error)), language, as_json=as_json)
    except Exception as error:  # noqa: BLE001 - people want an answer, not a traceback
        return _fail(errors.Fault(why=quoted(f"{type(error).__name__}: {error}")), language, as_json=as_json)


def _run(options: Namespace, language: Language) -> int:
    if callable(options.run):  # a command of another room
        return int(options.run(options))
    from hallmark.cli import output  # noqa: PLC0415 - help needs none of it
    from hallmark.cli.desk import Desk  # noqa: PLC0415 - help needs none of it

    module, _, name = options.run.partition(":")
    said = getattr(importlib.import_module(f"hallmark.cli.{module}"), name)(Desk(options, language), options)
    if isinstance(said, int):
        return said
    if getattr(options, "json", False):
        output.say_json(said.value)
    else:
        output.say(said.lines)
    return int(said.code)


def _fail(error: HallmarkError, language: Language, *, as_json: bool) -> int:
    """Say what went wrong; return the exit code."""
    from hallmark.cli import errors, output  # noqa: PLC0415 - help needs none of it

    code = errors.exit_code(error)
    if not as_json:
        output.say(error.explain(language).split("\n"), sys.stderr)
    elif isinstance(error, errors.Answered):
        output.say_json({**error.problem, "exit": code}, sys.stderr)
    else:
        told = {"code": error.code, "detail": error.explain(language), "article": error.article, "exit": code}
        output.say_json(told, sys.stderr)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
