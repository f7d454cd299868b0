"""`hallmark monitor`: follow the ledger from outside, and say what is broken, failing or worth a look."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

from hallmark import schemes
from hallmark.cli.desk import Desk, read
from hallmark.cli.errors import NO, BadArgument, NoServer, NoTrust
from hallmark.cli.output import say, say_json, table
from hallmark.kernel import instant
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.node.client import Peer
from hallmark.node.monitor.finding import Finding, Weight
from hallmark.node.monitor.replay import Replay
from hallmark.node.monitor.seen import Seen
from hallmark.node.monitor.threshold import THRESHOLDS
from hallmark.node.monitor.triggers import Values
from hallmark.node.monitor.trust import Trust
from hallmark.node.monitor.watch import Look, Pairs, Source, Watch
from hallmark.node.store import Pair, Store
from hallmark.scheme import loader
from hallmark.verify.bundle import TrustBundle

_LOG = "log"
_TIMEOUT_S = 10
_WEIGHTS: Mapping[Weight, Text] = {
    Weight.BROKEN: Text("破坏", "broken"),
    Weight.FAILING: Text("故障", "failing"),
    Weight.NOTABLE: Text("提示", "notable"),
}
_ENTRY = Text("第 {entry} 条", "entry {entry}")
_ENTRIES = Text("{size} 个条目", "{size} entries")
_COSIGNED = Text("{count} 个成员共签", "co-signed by {count}")
_ALONE = Text("仅由运营方签署", "signed by the operator alone")
_NOTHING = Text("未发现问题", "nothing found")
_URL = Text("应为 名称=URL", "NAME=URL is wanted")


def monitor(desk: Desk, options: Namespace) -> int:
    """Look at the ledger once or again and again; return 1 if anything is broken or failing."""
    trusted = Path(options.trust) if options.trust else desk.profile.trust
    if not trusted.exists():
        raise NoTrust(path=trusted)
    trust = Trust(TrustBundle.parse(read(trusted, whole=True)))
    values = {each.name: getattr(options, each.name.replace("-", "_")) for each in THRESHOLDS}
    seen = Seen.read(Path(options.state) if options.state else desk.profile.folder / "monitor")
    with ExitStack() as stack:
        sources = _sources(desk, options)
        for source in sources:
            stack.callback(source.peer.close)
        pairs = _pairs(stack.enter_context(closing(_store(options.store)))) if options.store else None
        begin = _replays(values, disclosed=pairs is not None)
        return _follow(desk, options, Watch(trust, sources, seen, begin, values, pairs))


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
            grave = {*Weight} if options.strict else {Weight.BROKEN, Weight.FAILING}
            return NO if any(each.weight in grave for each in look.findings) else 0
        time.sleep(options.every)


def _sources(desk: Desk, options: Namespace) -> list[Source]:
    """Return the nodes and the register's log; the log is the server's unless another is named."""
    sources = []
    for each in options.node:
        name, found, url = each.partition("=")
        if not name or not found:
            raise BadArgument(argument="--node", why=_URL)
        sources.append(Source(Peer(name, url, _TIMEOUT_S), node=True))
    log = options.log
    if log is None:
        try:
            log = f"{desk.server.rstrip('/')}/{_LOG}"
        except NoServer:
            if not sources:
                raise
    return [*([Source(Peer(_LOG, log, _TIMEOUT_S), node=False)] if log else []), *sources]


def _replays(values: Values, *, disclosed: bool) -> Callable[[], Replay]:
    held = (loader.load(schemes.read(each)) for each in schemes.names())
    schemes_held = {scheme.digest: scheme for scheme in held}
    return lambda: Replay(schemes_held, values, disclosed=disclosed)


def _store(path: str) -> Store:
    """Return a node's store; raises `BadArgument`, `StoreInUse`."""
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
    return [(name, str(Checkpoint.parse(note.text).size)) for name, note in look.notes.items()]
