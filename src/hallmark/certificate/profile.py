"""The two exports of a certificate as Verifiable Credential, never mixed: how each is signed, sent and filed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hallmark.certificate import credential, untp
from hallmark.certificate.credential import Export, StatusList
from hallmark.kernel.keys import Signer


@dataclass(frozen=True, slots=True)
class Profile:
    """One export: what signs a certificate and a status list, its media type, and how the names of its files end."""

    issue: Callable[[Export, Signer], bytes]
    issue_status_list: Callable[[StatusList, Signer], bytes]
    media_type: str
    ending: str


PROFILES: Mapping[str, Profile] = {
    "vc": Profile(credential.issue, credential.issue_status_list, "application/vc", "vc.json"),
    "untp": Profile(untp.issue, untp.issue_status_list, "application/vc+jwt", "untp.jwt"),
}
