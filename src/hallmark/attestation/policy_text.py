"""An appraisal policy as people write it, compare it and vote on it: JSON, where bytes are `{"hex": "…"}`.

The lists that stand for sets may be in any order here; the one encoding, and the digest, come from `Policy`.
"""

from __future__ import annotations

import json
from typing import Any

from hallmark.attestation import json_text
from hallmark.attestation.errors import BadEvidence
from hallmark.attestation.policy import BadAppraisalPolicy, Policy
from hallmark.kernel.text import Text

_HEX = "hex"
_POLICY = Text("鉴定策略文本", "text of an appraisal policy")


def write(policy: Policy) -> str:
    """Return the text of `policy`."""
    return json.dumps(policy.to_value(), ensure_ascii=False, indent=2, default=_hex)


def read(text: bytes) -> Policy:
    """Return the policy that `text` writes; raises `BadAppraisalPolicy`, and `NotCanonical` for what it cannot hold."""
    try:
        plain = json_text.decode(text, _POLICY)
    except BadEvidence as error:
        raise BadAppraisalPolicy(why=error.facts["why"]) from None
    policy = Policy.from_value(_value(plain))
    return Policy.parse(policy.encode())


def _hex(value: bytes) -> dict[str, str]:
    return {_HEX: value.hex()}


def _value(plain: Any) -> Any:
    match plain:
        case {"hex": str(digits)} if len(plain) == 1:
            try:
                return bytes.fromhex(digits)
            except ValueError:
                raise BadAppraisalPolicy(why=Text("有字节串不是十六进制", "bytes are not written in hex")) from None
        case dict():
            return {name: _value(each) for name, each in plain.items()}
        case list():
            return [_value(each) for each in plain]
    return plain
