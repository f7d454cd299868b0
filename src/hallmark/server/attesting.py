"""The nodes of one machine present their evidence, and their members appraise it, each from its own node's folder.

What the operators of these nodes write are drafts, for their organisations' keys are elsewhere; where this server holds
them it signs, as for everything else that a hosted organisation says. What it cannot sign stays in `statements/`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from django.db import connection

from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.node.acts import Operator
from hallmark.node.errors import NotOnLedger
from hallmark.office.registry import appraisals, queries, services
from hallmark.office.registry.errors import KeyElsewhere
from hallmark.office.registry.sequencer import Submission
from hallmark.office.registry.state import DatabaseState
from hallmark.rules import consortium
from hallmark.server.network import Network
from hallmark.statement import envelope
from hallmark.verify.bundle import Attested

_TRIES, _PAUSE_S = 20, 0.5


def attest(network: Network, say: Callable[[Text], object]) -> None:
    """Bring what lacks on the ledger of the nodes' evidence: requests in one batch, then findings in another.

    Nodes whose evidence was accepted are left alone. Says how it ended, or what went wrong, and raises nothing of ours.
    """
    if not (network.attests and network.is_running):
        return
    try:
        network.wait_equipped()
        network.wait()
        asking = [name for name in network.members if name not in _attested()]
        _append((operator.present() for operator in _operators(network, asking)), say)
        _append(_appraise(network), say)
        accepted = len(_attested())
    except HallmarkError as error:
        if not network.is_over:
            say(Text(error.explain("zh"), error.explain("en")))
    else:
        members = len(network.members)
        say(
            Text(
                f"已证明：{members} 个节点中 {accepted} 个的证据（软件 TPM，度量值为自行报告）获其他成员认可",
                f"Attested: of {members} nodes the evidence of {accepted} was accepted by other members "
                "(software TPMs, self-reported measurements)",
            )
        )
    finally:
        connection.close()


def _attested() -> Mapping[str, Attested]:
    return appraisals.attested(consortium.constitution_of(DatabaseState()))


def _appraise(network: Network) -> Iterator[Path]:
    """Let each member appraise what the others presented last in this epoch, and it did not appraise yet."""
    state = DatabaseState()
    record, members = consortium.epoch_of(state), consortium.constitution_of(state).members
    newest = {each.name: evidence[-1] for each in members if (evidence := appraisals.of(each))}
    due = {name: each for name, each in newest.items() if each.epoch == record.epoch}
    requests = {name: bytes(queries.entry(each.entry).encoded) for name, each in due.items()}
    for operator in _operators(network, network.members):
        for name, request in requests.items():
            if name != operator.name and all(each.by != operator.name for each in due[name].appraisals):
                yield _appraised(operator, request)


def _appraised(operator: Operator, request: bytes) -> Path:
    """Return the finding; the request is final, and what is final reaches the nodes a moment later."""
    for _ in range(_TRIES):
        try:
            return operator.appraise(request)
        except NotOnLedger as error:
            late = error
            time.sleep(_PAUSE_S)
    raise late


def _append(paths: Iterable[Path], say: Callable[[Text], object]) -> None:
    """Let what was written happen, in one batch."""
    batch: list[Submission] = []
    waiting: list[Path] = []
    for path in paths:
        try:
            batch.append((_signed(path), ()))
        except KeyElsewhere:
            waiting.append(path)
    services.append(batch)
    if waiting:
        names = "\n".join(map(str, waiting))
        say(Text(f"请由持有密钥的机构签署并提交：\n{names}", f"For who holds the organisation's key to sign:\n{names}"))


def _signed(path: Path) -> bytes:
    """Return a statement that an operator's command wrote, signed here if it is a draft; raises `KeyElsewhere`."""
    content = path.read_bytes()
    if path.suffix == ".statement":
        return content
    draft = envelope.decode_draft(content)
    return envelope.sign(draft, (), queries.signer_of(draft.issuer))


def _operators(network: Network, members: Iterable[str]) -> Iterator[Operator]:
    for name in members:
        with Operator(network.home(name)) as operator:
            yield operator
