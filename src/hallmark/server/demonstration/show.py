"""Running the demonstration: once; afterwards it is there, and starting takes a moment."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta

from hallmark.node.attester import program
from hallmark.office.registry import queries as registry
from hallmark.server.demonstration import story
from hallmark.server.demonstration.cast import CAST, FOUNDERS, PASSWORD
from hallmark.server.demonstration.products import AUTOMATOR, GENERATOR, REFERENCE
from hallmark.server.demonstration.stage import Stage
from hallmark.server.network import Network

_BEGAN = timedelta(days=60)
_PROGRAMS = {"bwrap": "bubblewrap", "java": "default-jre-headless", "apksigner": "apksigner"}


def load(say: Callable[[str], None], network: Network | None = None) -> None:
    """Load the market into an empty server; where a ledger stands already, only its people are told.

    With `network`, seven of the organisations found a consortium, whose nodes keep the ledger from then on.
    """
    if registry.size():
        say(_people())
        return
    if missing := [package for program, package in _PROGRAMS.items() if not shutil.which(program)]:
        say(f"Not installed: {', '.join(missing)}. What needs them will be 'not run'.")
        say(f"To install: apt-get install {' '.join(missing)}")
    if network and (lacking := program.missing()):
        say(f"Not installed: {', '.join(lacking)}. Without software TPMs no node of the consortium will be attested.")
        say(f"To install: apt-get install {' '.join(lacking)}")
    say("Founding the ledger; scheme owner, bodies, laboratories and people come in")
    stage = Stage(_BEGAN)
    stage.open()
    say("Some weeks ago: an application declined and its appeal rejected; a nonconformity that nobody answered")
    stage.pass_time(days=5)
    story.decline(stage, REFERENCE)
    stage.pass_time(days=5)
    story.let_lapse(stage, REFERENCE)
    stage.pass_time(days=90)
    if network:
        say(f"{len(FOUNDERS)} organisations found a consortium: each runs a node that checks every statement")
        stage.found_consortium(network)
        if network.failed:
            say(f"Its nodes will not be attested. {network.failed.explain('en')}")
    say(f"Now: {REFERENCE.name.en} {REFERENCE.version} goes the whole way")
    story.take_the_whole_way(stage, REFERENCE, say)
    if AUTOMATOR.read() is None:
        say(f"{AUTOMATOR.name.en} is not here; to bring it: {AUTOMATOR.lacking}")
    else:
        say(f"Now: {AUTOMATOR.name.en}, a real Android package made by others")
        story.take_the_whole_way(stage, AUTOMATOR, say)
    say(f"Now: {GENERATOR.name.en}, 50 sequences of 1,000,000 bits")
    story.apply_and_test(stage, GENERATOR, say)
    say(_people())


def _people() -> str:
    logins = ", ".join(login for member in CAST.values() for login in member.people)
    return f"People: {logins}; the password of each is '{PASSWORD}', their keys are in the data folder's personas/"
