"""Before what is sealed is ordered, the members' nodes are asked whether their rules admit it.

Whoever orders cannot open it, and what a quorum would not admit, once ordered, is never final: it would end the epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Record
from hallmark.consortium.judgement import Judgement
from hallmark.kernel import keys
from hallmark.kernel.errors import HallmarkError
from hallmark.node import protocol
from hallmark.node.client import Peer
from hallmark.node.errors import EntriesMissing, NotJudged, OldSizeDiffers
from hallmark.node.protocol import SEQUENCER, Message
from hallmark.node.quorum import Source
from hallmark.node.replay import Clock
from hallmark.rules.confidential import SealedNotAdmitted


@dataclass(frozen=True, slots=True)
class Jury:
    """The `nodes` of an epoch's members, whose connections are closed; `signer` has the epoch's sequencer key."""

    signer: keys.Signer
    epoch: tuple[Record, Constitution]
    nodes: Sequence[Peer]
    clock: Clock

    def judge(self, source: Source, patience: float) -> None:
        """Return once a quorum would admit all of `source`.

        Raises `SealedNotAdmitted` once more than f members name a rule that forbids it, and `NotJudged` after
        `patience` seconds, or when neither can be any more.
        """
        head, constitution = (source.tree.size, source.tree.root), self.epoch[1]
        reasons: dict[str, str] = {}
        breaches: dict[str, str] = {}
        admits: set[str] = set()
        threads = ThreadPoolExecutor(max(len(self.nodes), 1), "judge")
        asked = {threads.submit(self._ask, node, source): node.name for node in self.nodes}
        try:
            for future in as_completed(asked, patience):
                name = asked[future]
                try:
                    judgement = future.result()
                    judgement.verify(name, head, *self.epoch)
                except HallmarkError as error:
                    reasons[name] = str(error.facts.get("code", error.code))
                    continue
                if judgement.breach:
                    breaches[name] = judgement.breach
                else:
                    admits.add(name)
                if len(admits) >= constitution.quorum:
                    return
                if len(breaches) > constitution.faults:
                    rules = [*breaches.values()]
                    raise SealedNotAdmitted(rule=max(rules, key=rules.count))
        except TimeoutError:
            pass
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
        text = ", ".join(f"{name}: {code}" for name, code in sorted({**reasons, **breaches}.items())) or "no answer"
        raise NotJudged(admitting=len(admits), quorum=constitution.quorum, reasons=text)

    def _ask(self, node: Peer, source: Source) -> Judgement:
        """Ask a node; one that is elsewhere is asked once more from there, unless it is far behind."""
        try:
            return self._ask_from(max(source.final, self.epoch[0].base.size), node, source)
        except OldSizeDiffers as error:
            return self._ask_from(int(str(error.facts["size"])), node, source)
        finally:
            node.close()  # nobody waits for the last ones to answer, who could close it

    def _ask_from(self, start: int, node: Peer, source: Source) -> Judgement:
        end = source.tree.size
        pairs = source.chunk(start, end, protocol.CHUNK_SIZE) if start < end else []
        if start + len(pairs) < end:
            raise EntriesMissing(size=end, held=start + len(pairs))
        content = protocol.encode_entries(start, pairs)
        message = Message(SEQUENCER, node.name, protocol.JUDGED, self.clock() // 1000, content)
        return node.judge(message.signed(self.signer))
