"""`hallmark monitor`: follow the ledger from outside, and say what is broken, failing or worth a look."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from hallmark import schemes
from hallmark.cli.desk import Desk, read
from hallmark.cli.errors import NO, UNAVAILABLE, BadArgument, NoServer, NoTrust
from hallmark.cli.output import say, say_json, table
from hallmark.kernel import instant
from hallmark.kernel.text import Text
from hallmark.node.client import Peer
from hallmark.node.monitor.finding import Finding, Weight
from hallmark.node.monitor.replay import Replay
from hallmark.node.monitor.seen import Seen, open_store, readable
from hallmark.node.monitor.source import Source
from hallmark.node.monitor.threshold import THRESHOLDS
from hallmark.node.monitor.trust import Trust
from hallmark.node.monitor.watch import Look, Pairs, Watch, size_of
from hallmark.node.store import Pair, Store
from hallmark.scheme import loader
from hallmark.scheme.model import Scheme
from hallmark.verify.bundle import TrustBundle

_LOG = "log"
_TIMEOUT_S = 10
_WEIGHTS: Mapping[Weight, Text] = {
    Weight.BROKEN: Text("破坏", "broken"),
    Weight.FAILING: Text("故障", "failing"),
    Weight.NOTABLE: Text("提示", "notable"),
}
_EXIT_CODES: Mapping[Weight, int] = {Weight.BROKEN: NO, Weight.FAILING: UNAVAILABLE, Weight.NOTABLE: NO}
"""The gravest finding decides; what is notable counts where it is asked to."""
_ENTRY = Text("第 {entry} 条", "entry {entry}")
_ENTRIES = Text("{size} 个条目", "{size} entries")
_COSIGNED = Text("{count} 个成员共签", "co-signed by {count}")
_ALONE = Text("仅由运营方签署", "signed by the operator alone")
_NOTHING = Text("未发现问题", "nothing found")
_URL = Text("应为 名称=URL", "NAME=URL is wanted")


def monitor(desk: Desk, options: Namespace) -> int:
    """Look at the ledger once or again and again; return the exit code of what was found (`_EXIT_CODES`)."""
    trusted = Path(options.trust) if options.trust else desk.profile.trust
    if not trusted.exists():
        raise NoTrust(path=trusted)
    trust = Trust(TrustBundle.parse(read(trusted, whole=True)))
    values = {each.name: getattr(options, each.name.replace("-", "_")) for each in THRESHOLDS}
    sources = _sources(desk, options)
    folder = Path(options.state) if options.state else desk.profile.folder / "monitor"
    with ExitStack() as stack:
        for source in sources:
            stack.callback(source.peer.close)
        stack.enter_context(readable(folder))
        seen = Seen.read(folder)
        stack.enter_context(closing(seen.store))
        taken, pairs = seen.store, None
        if options.store:
            pairs = _pairs(stack.enter_context(closing(_store(options.store))))
            taken = stack.enter_context(closing(open_store(folder / "members.sqlite")))
        replay = Replay(taken, _schemes(), values, disclosed=pairs is not None)
        return _follow(desk, options, Watch(trust, sources, seen, replay, values, pairs))


def _follow(desk: Desk, options: Namespace, watch: Watch) -> int:
    told: set[Finding] = set()
    while True:
        look = watch.look(time.time_ns() // 1_000_000)
        if getattr(options, "json", False):
            say_json(look.to_json())
        else:
            say(_lines(desk, look, [each for each in look.findings if each not in told]))
        told.update(look.findings)
        if options.once:
            weights = {each.weight for each in look.findings} - (set() if options.strict else {Weight.NOTABLE})
            return next((code for weight, code in _EXIT_CODES.items() if weight in weights), 0)
        time.sleep(options.every)


def _sources(desk: Desk, options: Namespace) -> list[Source]:
    """Return the nodes and the register's log; the log is the server's unless another is named."""
    sources: dict[str, Source] = {}
    for each in options.node:
        name, found, url = each.partition("=")
        if not name or not found:
            raise BadArgument(argument="--node", why=_URL)
        if name in {_LOG, *sources}:
            raise BadArgument(argument="--node", why=Text(f"名称 {name} 已被使用", f"the name {name} is taken"))
        sources[name] = Source(Peer(name, url, _TIMEOUT_S), node=True)
    log = options.log
    if log is None:
        try:
            log = f"{desk.server.rstrip('/')}/{_LOG}"
        except NoServer:
            if not sources:
                raise
    return [*([Source(Peer(_LOG, log, _TIMEOUT_S), node=False)] if log else []), *sources.values()]


def _schemes() -> Mapping[bytes, Scheme]:
    held = (loader.load(schemes.read(each)) for each in schemes.names())
    return {scheme.digest: scheme for scheme in held}


def _store(path: str) -> Store:
    """Return a node's store; raises `BadArgument`, `StoreInUse`, `StoreUnusable`."""
    if not Path(path).is_file():
        raise BadArgument(argument="--store", why=Text("没有该文件", "there is no such file"))
    return Store(Path(path))


def _pairs(store: Store) -> Pairs:
    def pairs(start: int, end: int) -> Iterator[Pair]:
        with store.lock:
            yield from store.pairs(start, end)

    return pairs


def _lines(desk: Desk, look: Look, news: list[Finding]) -> list[str]:
    lines = [instant.to_text(look.at)]
    if look.head:
        head, count = look.head.checkpoint, len(look.head.cosigned)
        vouched = desk.say(_COSIGNED).format(count=count) if count else desk.say(_ALONE)
        size = desk.say(_ENTRIES).format(size=head.size)
        lines[0] += f"  {head.origin}  {size}  {vouched}  {head.root.hex()}"
    lines += [f"  {line}" for line in table(_sizes(look))] if look.notes else []
    rows = [
        (
            desk.say(_WEIGHTS[each.weight]),
            each.code,
            each.source or ("" if each.entry is None else desk.say(_ENTRY).format(entry=each.entry)),
            each.words.in_language(desk.language).replace("\n", " "),
            each.proof,
        )
        for each in news
    ]
    return [*lines, *(table(rows) if rows else [] if look.findings else [desk.say(_NOTHING)])]


def _sizes(look: Look) -> list[tuple[str, str]]:
    return [(name, str(size_of(note))) for name, note in look.notes.items()]
