"""Rules about who is in the market: organisations, persons, competences, interests, designations, schemes.

1. An identifier is given once (`RegisteredTwice`), a body's code belongs to one body (`CodeTaken`).
2. A key is a key (`BadKey`) of an algorithm that genesis allows (`AlgorithmNotAllowed`), and nobody else's, today or
   before (`KeyTaken`): who shares a key could act for another.
3. A person is merged once, into one who is enrolled and not merged (`MergeImpossible`).
4. A competence is in a function of the organisation's role (`FunctionMisplaced`). Certification personnel practise in
   one body only (Regulation art. 14, `PersonServesAnotherBody`), and an applicant records nobody who does.
5. A period ends no earlier than it begins (`PeriodReversed`).
6. A designation goes to an organisation of the fitting role (Regulation art. 9, `DesignationMisplaced`).
7. A scheme edition is held by this node (`SchemeNotHeld`) and adopted once, never edited (`EditionAdoptedTwice`); while
   a consortium stands, after its vote (`NotVotedFor`).
8. An edition is adopted by the owner of its scheme, who also designates for it, and owners are registered by an owner
   (`NotTheOwner`).
9. An interest is declared by its holder, by who employs the holder, or by a registrar or jurisdiction
   (`InterestNotYours`); declared again with an end, it ends.
10. A parameter that a scheme leaves open is set with its basis; one that the sources give cannot be changed
   (`scheme.parameters`: `NoSuchParameter`, `FixedBySource`, `NotASetting`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from hallmark.kernel import hashing
from hallmark.kernel.errors import Refusal
from hallmark.kernel.keys import PublicKey
from hallmark.kernel.text import Text
from hallmark.rules import person
from hallmark.rules.act import Act, day
from hallmark.rules.consortium import edition_is_voted_for
from hallmark.rules.edition import Edition
from hallmark.rules.state import Record
from hallmark.scheme import parameters
from hallmark.scheme.model import Provenance
from hallmark.statement.kind import Role
from hallmark.statement.person import FUNCTIONS_AT
from hallmark.statement.words import listed, named

BODY_FUNCTIONS = FUNCTIONS_AT[Role.BODY]
_WATCHFUL = (Role.OPERATOR, Role.OWNER, Role.JURISDICTION)


class RegisteredTwice(Refusal):
    """The identifier was given before."""

    en = "{which} is registered already. Use the registration there is, or another identifier."
    zh = "{which} 已登记。请使用现有登记或另取编号。"


class CodeTaken(Refusal):
    """Another body has this code."""

    en = "The code {code} belongs to {holder}. Choose another; it becomes part of every certificate number."
    zh = "代码 {code} 已属于 {holder}。该代码将写入证书编号，请另选。"


class AlgorithmNotAllowed(Refusal):
    """Genesis does not allow this algorithm."""

    en = "Algorithm {algorithm} is not allowed on this ledger (allowed: {allowed}). Use a key of an allowed one."
    zh = "本账本不允许算法 {algorithm}（允许：{allowed}）。请使用允许算法的密钥。"


class KeyTaken(Refusal):
    """The key is or was another's."""

    en = "The key belongs to {holder}. Make a new one; nobody may sign for another."
    zh = "该密钥属于 {holder}。请生成新的密钥；任何人不得代他人签名。"


class MergeImpossible(Refusal):
    """These two registrations cannot be merged."""

    en = "{person} cannot be merged into {into}: {why}. Name the registration that remains."
    zh = "{person} 无法并入 {into}：{why}。请指明保留的登记。"


class PersonServesAnotherBody(Refusal):
    """A certification person practises in one body only."""

    article = "Regulation on Certification and Accreditation art. 14"
    en = "{person} works for the certification body {body}. That competence must end there before it begins here."
    zh = "{person} 正在认证机构 {body} 执业。须先在该机构终止，方可在此登记。"


class FunctionMisplaced(Refusal):
    """A function exists only where its work is done."""

    en = "A {role} has no function {function}. Choose one of: {known}."
    zh = "{role} 没有职能 {function}。可选：{known}。"


class NotTheOwner(Refusal):
    """A scheme is its owner's."""

    en = "{issuer} may not do this: {why}. Only the owner may."
    zh = "{issuer} 无权办理：{why}。仅所有者可以办理。"


class InterestNotYours(Refusal):
    """Nobody declares what another has."""

    en = "{issuer} cannot declare an interest of {holder}. Its holder or employer does, or a registrar."
    zh = "{issuer} 不能申报 {holder} 的利益关系。须由本人、所属机构或登记方申报。"


class PeriodReversed(Refusal):
    """The period ends before it begins."""

    en = "The period from {start} to {end} ends before it begins. Correct the dates."
    zh = "期间 {start} 至 {end} 的终止早于开始。请更正日期。"


class DesignationMisplaced(Refusal):
    """The organisation's role does not fit the activity."""

    article = "Regulation on Certification and Accreditation art. 9"
    en = "{organisation} is registered as {role} and cannot be designated for {activity}."
    zh = "{organisation} 登记为 {role}，不能指定从事 {activity}。"


class SchemeNotHeld(Refusal):
    """This node does not hold the scheme data of that digest."""

    en = "No scheme {scheme} {edition} with digest {digest} is held here. Install exactly that edition first."
    zh = "此处未持有方案 {scheme} {edition}（摘要 {digest}）。请先安装该版本。"


class EditionAdoptedTwice(Refusal):
    """An adopted edition is never edited."""

    en = "Edition {edition} of {scheme} was adopted before. A change needs a new edition."
    zh = "方案 {scheme} 的版本 {edition} 已被采用。如需变更，请发布新版本。"


class ProductTypeUnknown(Refusal):
    """The scheme has no such product type."""

    en = "The scheme {scheme} has no product type {product_type}. Choose one of its catalogue."
    zh = "方案 {scheme} 目录中没有产品类型 {product_type}。请从目录中选择。"


def organisation_is_new(act: Act) -> None:
    """Rule 1 for organisations."""
    if act.state.get(f"organisation/{act.subject}"):
        raise RegisteredTwice(which=act.subject)


def code_is_free(act: Act) -> None:
    """Rule 1 for codes."""
    code = act.claims.get("code")
    if code and (holder := act.state.get(f"code/{code}")):
        raise CodeTaken(code=code, holder=holder["organisation"])


def person_is_new(act: Act) -> None:
    """Rule 1 for persons."""
    if act.state.get(f"person/{act.subject}"):
        raise RegisteredTwice(which=act.subject)


def key_is_allowed(act: Act) -> None:
    """Rule 2."""
    value: dict[str, Any] = act.claims["key"]
    key = value.get("key", value)
    public = PublicKey(key["algorithm"], key["material"])
    check_key(public, act.need("ledger", "ledger", "")["algorithms"])
    holder = (act.state.get(f"key/{public.id.hex()}") or {"holder": act.subject})["holder"]
    if holder != act.subject:
        raise KeyTaken(holder=holder)


def check_key(key: PublicKey, allowed: Collection[int]) -> None:
    """Raise `AlgorithmNotAllowed` or `BadKey` unless `key` is one, of an algorithm that genesis allows."""
    if key.algorithm not in allowed:
        raise AlgorithmNotAllowed(algorithm=key.algorithm, allowed=allowed)
    key.check()


def put_key(act: Act, holder: str, key: Record) -> None:
    """Let the key be the holder's for good."""
    act.put(f"key/{PublicKey(key['algorithm'], key['material']).id.hex()}", {"holder": holder})


def person_is_enrolled(act: Act) -> None:
    """The person spoken of is enrolled."""
    act.need(f"person/{act.subject}", "person", act.subject)


def merge_is_possible(act: Act) -> None:
    """Rule 3."""
    into = act.claims["into"]
    if act.need(f"person/{act.subject}", "person", act.subject).get("merged_into"):
        raise MergeImpossible(person=act.subject, into=into, why=Text("它此前已被合并", "it was merged before"))
    if act.subject == into or act.need(f"person/{into}", "person", into).get("merged_into"):
        raise MergeImpossible(
            person=act.subject, into=into, why=Text("所指登记并不保留", "that registration does not remain")
        )


def person_serves_no_other_body(act: Act) -> None:
    """Rule 4."""
    if _role(act, act.issuer) not in (Role.BODY, Role.APPLICANT):
        return
    for organisation, _, record in person.competences(act.state, act.subject):
        if (
            organisation != act.issuer
            and record["product_types"]
            and _role(act, organisation) == Role.BODY
            and day(record["valid_until"]) >= day(act.claims["valid_from"])
            and day(record["valid_from"]) <= day(act.claims["valid_until"])
        ):
            raise PersonServesAnotherBody(person=act.subject, body=organisation)


def function_fits(act: Act) -> None:
    """Rule 4."""
    role = Role(_role(act, act.issuer))
    if act.claims["function"] not in FUNCTIONS_AT[role]:
        raise FunctionMisplaced(
            role=named(role), function=named(act.claims["function"]), known=listed(FUNCTIONS_AT[role]) or "-"
        )


def period_is_forward(act: Act) -> None:
    """Rule 5."""
    start = act.claims.get("valid_from", act.claims.get("from"))
    end = act.claims.get("valid_until", act.claims.get("until"))
    if start and end and day(end) < day(start):
        raise PeriodReversed(start=start, end=end)


def designation_fits(act: Act) -> None:
    """Rule 6."""
    organisation = act.need(f"organisation/{act.subject}", "organisation", act.subject)
    wanted = {"certification": Role.BODY, "testing": Role.LABORATORY}[act.claims["activity"]]
    if organisation["role"] != wanted:
        raise DesignationMisplaced(
            organisation=act.subject, role=named(organisation["role"]), activity=named(act.claims["activity"])
        )


def product_types_exist(act: Act) -> None:
    """Designations and competences name types of an adopted catalogue."""
    edition = Edition.latest(act.state, act.claims["scheme"])
    for product_type in act.claims["product_types"]:
        if product_type not in edition.scheme.types:
            raise ProductTypeUnknown(scheme=act.claims["scheme"], product_type=product_type)


def issuer_owns_scheme(act: Act) -> None:
    """Rule 8."""
    adopted = (act.state.get(f"scheme/{act.claims['scheme']}") or {"editions": []})["editions"]
    if adopted and adopted[0]["owner"] != act.issuer:
        raise NotTheOwner(
            issuer=act.issuer,
            why=Text(
                f"{act.claims['scheme']} 是 {adopted[0]['owner']} 的方案",
                f"{act.claims['scheme']} is a scheme of {adopted[0]['owner']}",
            ),
        )


def owner_registers_owner(act: Act) -> None:
    """Rule 8."""
    if act.claims["role"] in (Role.OWNER, Role.OPERATOR) and _role(act, act.issuer) != Role.OWNER:
        role = named(act.claims["role"]).words
        raise NotTheOwner(issuer=act.issuer, why=Text(f"它不登记{role.zh}", f"it registers no {role.en}"))


def interest_is_yours(act: Act) -> None:
    """Rule 9."""
    if act.subject == act.issuer or _role(act, act.issuer) in _WATCHFUL:
        return
    if not any(organisation == act.issuer for organisation, _, _ in person.competences(act.state, act.subject)):
        raise InterestNotYours(issuer=act.issuer, holder=act.subject)


def scheme_is_held(act: Act) -> None:
    """Rule 7."""
    claims = act.claims
    scheme = act.state.scheme(claims["digest"])
    if scheme is None or (scheme.id, scheme.edition) != (claims["scheme"], claims["edition"]):
        raise SchemeNotHeld(scheme=claims["scheme"], edition=claims["edition"], digest=claims["digest"].hex())
    adopted = act.state.get(f"scheme/{claims['scheme']}") or {"editions": []}
    if any(entry["edition"] == claims["edition"] for entry in adopted["editions"]):
        raise EditionAdoptedTwice(scheme=claims["scheme"], edition=claims["edition"])


def parameters_are_open(act: Act) -> None:
    """Rule 10."""
    scheme = act.state.scheme(act.claims["digest"])
    if scheme is None:
        raise SchemeNotHeld(scheme=act.claims["scheme"], edition=act.claims["edition"], digest="?")
    scheme.profile(act.claims["profile"])
    parameters.resolve(
        scheme,
        {
            setting["name"]: parameters.Setting(setting["value"], Provenance.OPERATOR, setting["basis"])
            for setting in act.claims["parameters"]
        },
    )


def register_organisation(act: Act) -> None:
    """Effect: the organisation is."""
    claims = act.claims
    record = {
        "role": claims.get("role", str(Role.APPLICANT)),
        "name": claims["name"],
        "address": claims["address"],
        "key": claims["key"],
        "hosted": claims["hosted"],
    }
    if "code" in claims:
        record["code"] = claims["code"]
        act.put(f"code/{claims['code']}", {"organisation": act.subject})
    act.put(f"organisation/{act.subject}", record)
    put_key(act, act.subject, claims["key"])


def rekey_organisation(act: Act) -> None:
    """Effect: the organisation signs with the new key from now on."""
    record = act.need(f"organisation/{act.subject}", "organisation", act.subject)
    act.put(f"organisation/{act.subject}", {**record, "key": act.claims["key"], "hosted": act.claims["hosted"]})
    put_key(act, act.subject, act.claims["key"])


def enrol_person(act: Act) -> None:
    """Effect: the person may be given competences and approve with this key."""
    value = act.claims["key"]
    record = act.state.get(f"person/{act.subject}") or {}  # a new key does not undo a merger
    act.put(f"person/{act.subject}", {**record, "key": value["key"], "relying_party": value.get("relying_party")})
    put_key(act, act.subject, value["key"])


def merge_person(act: Act) -> None:
    """Effect: both identifiers are one natural person."""
    record = act.need(f"person/{act.subject}", "person", act.subject)
    act.put(f"person/{act.subject}", {**record, "merged_into": act.claims["into"]})
    key = f"merged/{act.claims['into']}"
    act.put(key, {"persons": [*(act.state.get(key) or {"persons": []})["persons"], act.subject]})


def record_competence(act: Act) -> None:
    """Effect: the person holds the function at the issuer, for these types, in this period."""
    claims = act.claims
    key = f"competence/{act.subject}/{act.issuer}/{claims['function']}/{claims['scheme']}"
    act.put(
        key,
        {
            "product_types": claims["product_types"],
            "valid_from": claims["valid_from"],
            "valid_until": claims["valid_until"],
        },
    )
    held = (act.state.get(f"competences/{act.subject}") or {"keys": []})["keys"]
    if key not in held:
        act.put(f"competences/{act.subject}", {"keys": [*held, key]})


def end_competence(act: Act) -> None:
    """Effect: the person holds the function at the issuer no more; that it did until today is remembered."""
    key = f"competence/{act.subject}/{act.issuer}/{act.claims['function']}/{act.claims['scheme']}"
    record = act.need(key, "competence", act.subject)
    today = Edition.latest(act.state, act.claims["scheme"]).date_at(act.now)
    until = max(day(record["valid_from"]), min(day(record["valid_until"]), today))
    act.put(key, {**record, "product_types": [], "valid_until": until.isoformat()})


def declare_interest(act: Act) -> None:
    """Effect: the holder has an interest in the other party in this period."""
    claims = act.claims
    key = f"interest/{act.subject}/{claims['interest_in']}"
    record = act.state.get(key) or {"interests": []}
    news = {"nature": claims["nature"], "from": claims["from"], "until": claims.get("until")}
    others = [each for each in record["interests"] if (each["nature"], each["from"]) != (news["nature"], news["from"])]
    act.put(key, {"interests": [*others, news]})


def grant_designation(act: Act) -> None:
    """Effect: the organisation may do the activity for these types in this period."""
    claims = act.claims
    key = f"designation/{act.subject}/{claims['activity']}/{claims['scheme']}"
    types = dict((act.state.get(key) or {"types": {}})["types"])
    types.update({name: [claims["valid_from"], claims["valid_until"]] for name in claims["product_types"]})
    act.put(key, {"types": types})


def end_designation(act: Act) -> None:
    """Effect: the organisation may do the activity for these types no more."""
    claims = act.claims
    key = f"designation/{act.subject}/{claims['activity']}/{claims['scheme']}"
    types = act.need(key, "designation", act.subject)["types"]
    act.put(key, {"types": {name: period for name, period in types.items() if name not in claims["product_types"]}})


def adopt_scheme(act: Act) -> None:
    """Effect: applications may come under this edition from its date on."""
    claims = act.claims
    key = f"scheme/{claims['scheme']}"
    editions = (act.state.get(key) or {"editions": []})["editions"]
    news = {
        "edition": claims["edition"],
        "digest": claims["digest"],
        "profile": claims["profile"],
        "applies_from": claims["applies_from"],
        "previous_until": claims.get("previous_until"),
        "parameters": {
            setting["name"]: {"value": setting["value"], "basis": setting["basis"]} for setting in claims["parameters"]
        },
        "owner": act.issuer,
    }
    news["adoption"] = hashing.digest_of("hallmark/adoption/1", news)
    act.put(key, {"editions": [*editions, news]})


def _role(act: Act, organisation: str) -> str:
    record = act.state.get(f"organisation/{organisation}")
    return str(record["role"]) if record else ""


RULES = {
    "organisation.registered": (
        owner_registers_owner,
        organisation_is_new,
        code_is_free,
        key_is_allowed,
        register_organisation,
    ),
    "applicant.registered": (organisation_is_new, key_is_allowed, register_organisation),
    "organisation.rekeyed": (key_is_allowed, rekey_organisation),
    "person.enrolled": (person_is_new, key_is_allowed, enrol_person),
    "person.rekeyed": (person_is_enrolled, key_is_allowed, enrol_person),
    "person.merged": (merge_is_possible, merge_person),
    "competence.recorded": (
        person_is_enrolled,
        period_is_forward,
        product_types_exist,
        function_fits,
        person_serves_no_other_body,
        record_competence,
    ),
    "competence.ended": (person_is_enrolled, end_competence),
    "interest.declared": (interest_is_yours, period_is_forward, declare_interest),
    "designation.granted": (
        issuer_owns_scheme,
        period_is_forward,
        designation_fits,
        product_types_exist,
        grant_designation,
    ),
    "designation.ended": (issuer_owns_scheme, end_designation),
    "scheme.adopted": (
        issuer_owns_scheme,
        scheme_is_held,
        edition_is_voted_for,
        parameters_are_open,
        adopt_scheme,
    ),
}
