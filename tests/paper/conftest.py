"""A certificate's record and two reports in both languages, and a sealed page."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import pytest

from hallmark.kernel import identifier
from hallmark.kernel.keys import ESP256, SoftwareSigner
from hallmark.kernel.text import Text
from hallmark.paper import signature
from hallmark.paper.certificate import render_certificate

AT = 1_780_300_800_000  # 2026-06-01 08:00 UTC
NUMBER = identifier.complete("CFP-NORTH-2026-01-000042")


def _build(role: str, name: str, size: int) -> dict[str, Any]:
    return {"role": role, "name": name, "size": size, "sha256": hashlib.sha256(name.encode()).digest()}


LOTUS = {
    "name": {"zh": "莲花支付科技（苏州）有限公司", "en": "Lotus Payment Technology (Suzhou) Co., Ltd."},
    "address": "江苏省苏州市工业园区星湖街 328 号 18 幢 6 层",
}
FACTORY = {
    "name": {"zh": "莲花智造（昆山）有限公司", "en": "Lotus Manufacturing (Kunshan) Co., Ltd."},
    "address": "江苏省昆山市玉山镇城北中路 1288 号",
}
BODY = {
    "id": identifier.from_seed("ORG", b"northern"),
    "name": {"zh": "北方金融科技认证中心", "en": "Northern Fintech Certification Centre"},
    "address": "北京市西城区月坛南街 59 号",
}
LABORATORY = {
    "id": identifier.from_seed("ORG", b"meridian"),
    "name": {"zh": "子午线信息安全实验室", "en": "Meridian Information Security Laboratory"},
    "address": "上海市浦东新区张江路 665 号",
}


@pytest.fixture(scope="session")
def at() -> int:
    """When everything here was set and sealed."""
    return AT


@pytest.fixture
def number() -> str:
    """The certificate's number."""
    return NUMBER


@pytest.fixture
def record() -> dict[str, Any]:
    """The public claims of a `certificate.issued`."""
    return _record()


@pytest.fixture(scope="session")
def machine_form() -> bytes:
    """Bytes that stand for a machine form."""
    return hashlib.sha256(b"machine form").digest() * 200


@pytest.fixture(scope="session")
def page(machine_form: bytes) -> bytes:
    """A certificate that nobody sealed."""
    return render_certificate(NUMBER, _record(), machine_form, AT)


@pytest.fixture(scope="session")
def signer() -> SoftwareSigner:
    """The body's seal."""
    return SoftwareSigner.generate(ESP256)


@pytest.fixture(scope="session")
def seal(signer: SoftwareSigner) -> bytes:
    """The certificate of the body's seal."""
    return signature.issue(
        Text("北方金融科技认证中心", "Northern Fintech Certification Centre"),
        signer,
        date(2026, 1, 1),
        date(2030, 12, 31),
    )


@pytest.fixture(scope="session")
def sealed(page: bytes, signer: SoftwareSigner, seal: bytes) -> bytes:
    """The certificate under the body's seal."""
    return signature.sign(page, signer, seal, AT)


def _record() -> dict[str, Any]:
    return {
        "scheme": {
            "id": "cfp",
            "edition": "2022.1",
            "name": {"zh": "金融科技产品认证", "en": "Certification of Fintech Products"},
            "profile": "news-2019",
            "offset_minutes": 480,
        },
        "product_type": {"id": "CFP-01", "name": {"zh": "客户端软件", "en": "Client software"}},
        "mode": ["type_test", "audit", "surveillance"],
        "applicant": LOTUS,
        "manufacturer": LOTUS,
        "factory": FACTORY,
        "product": {
            "name": {"zh": "莲花钱包安卓客户端软件", "en": "Lotus Wallet for Android"},
            "model": "LW-A",
            "version": "6.2.1 (build 60201)",
            "trademark": "莲花 LOTUS®",
            "function": "个人支付、转账与条码收付款；支持数字人民币子钱包推送。",
            "builds": [
                _build("package", "lotus-wallet-6.2.1-release.apk", 48_213_907),
                _build("sdk", "lotus-pay-sdk-3.4.0.aar", 2_118_400),
            ],
        },
        "standards": [
            {"id": "JR/T 0092", "edition": "2019"},
            {"id": "JR/T 0098.3", "edition": "2012"},
            {"id": "T/PCAC 0006", "edition": "2020"},
        ],
        "body": BODY,
        "laboratories": [LABORATORY],
        "reports": [identifier.from_seed("REPORT", b"test"), identifier.from_seed("REPORT", b"audit")],
        "case_digest": hashlib.sha256(b"case").digest(),
        "granted_on": "2026-06-01",
        "valid_from": "2026-06-01",
        "valid_until": "2029-05-31",
    }


def _text(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _clause(place: str, certainty: str) -> dict[str, str]:
    return {"place": place, "certainty": certainty}


def _item(number: int, verdict: str, title: dict[str, str], reason: dict[str, str], **more: object) -> dict[str, Any]:
    return {
        "id": f"CLI-{number:02d}",
        "title": title,
        "clauses": [_clause(f"JR/T 0092-2019 6.{number}", "stated")],
        "obligation": "shall",
        "method": "auto",
        "verdict": verdict,
        "reason": reason,
        **more,
    }


@pytest.fixture
def tested() -> dict[str, Any]:
    """A test report on a client application."""
    claims = _record()
    return {
        "state": "issued",
        "number": claims["reports"][0],
        "laboratory": {"name": LABORATORY["name"], "address": LABORATORY["address"]},
        "place": LABORATORY["address"],
        "customer": LOTUS,
        "scheme": {name: claims["scheme"][name] for name in ("id", "edition", "name")},
        "product_type": claims["product_type"],
        "standards": [{"place": "JR/T 0092-2019", "title": _text("安全管理规范", "Security management specification")}],
        "methods": [
            {
                "id": "cfp-01",
                "version": "1.0.0",
                "isolation": "bubblewrap",
                "digest": hashlib.sha256(b"kit").digest(),
            }
        ],
        "declared": [{"name": _text("型号", "Model"), "value": "LW-A as it says itself"}],
        "files": [
            {
                "role": "apk",
                "name": "lotus-wallet-read.apk",
                "size": 48_213_907,
                "sha256": hashlib.sha256(b"file").digest(),
                "sm3": hashlib.sha256(b"stands for SM3").digest(),
            }
        ],
        "sample": {
            "id": identifier.from_seed("SAMPLE", b"sample"),
            "condition": "完好，摘要与申请一致 / intact",
            "seals": ["SEAL-2026-0417", "SEAL-2026-0418"],
        },
        "custody": [{"event": _text("实验室接收样品。", "Received."), "at": "2026-04-17T01:00:00.000Z", "entry": 4711}],
        "product": claims["product"],
        "received_on": "2026-04-17",
        "started_on": "2026-04-20",
        "finished_on": "2026-04-24",
        "issued_on": "2026-04-27",
        "sampling": _text(
            "样品由委托方送检，实验室未参与抽样。", "The customer sent the sample; the laboratory did not draw it."
        ),
        "conditions": [{"name": _text("系统", "System"), "value": "Linux x86_64"}],
        "self_check": {"answers": 7, "wrong": ["one: 2 != 1"]},
        "measurements": [
            {"name": "package", "state": "done", "digest": hashlib.sha256(b"package").digest()},
            {"name": "native", "state": "crashed", "detail": "SegmentationFault"},
        ],
        "items": [
            _item(
                1,
                "pass",
                _text("安装包由软件所有者签名", "Package signed by its owner"),
                _text("在声明的最低系统版本上签名验证通过。", "The package verifies at its declared least version."),
                values={"scheme": "v2, v3", "key": "RSA 3072"},
            ),
            _item(
                2,
                "fail",
                _text("不含明文密钥", "No secret in clear"),
                _text("在安装包中发现一处对称密钥。", "One symmetric key was found in the package."),
                findings=["assets/config/pay.json: $.aes_key", "classes2.dex: Lcom/lotus/pay/Keys;->K0"],
            ),
            _item(
                3,
                "inconclusive",
                _text("输入保护", "Protection of input"),
                _text("须由人员判定，方法：检查。", "A person has to judge it; method: inspection."),
                machine="inspection-needed",
                by_hand=[
                    {
                        "person": identifier.from_seed("PERSON", b"ivan"),
                        "name": "易文",
                        "verdict": "inconclusive",
                        "reason": "seen on two devices only",
                        "at": "2026-04-22T02:00:00.000Z",
                        "evidence": [hashlib.sha256(b"photo").digest()],
                    }
                ],
            ),
            _item(
                4,
                "pass",
                _text("随机数质量", "Quality of random numbers"),
                _text("15 项检验均通过。", "All 15 tests pass."),
                values={"samples": "1000", "min P": "0.0173"},
                limits={"alpha": "0.01"},
                criterion=_text("每项检验的通过数不少于限值。", "Each test passes in as many as the limit asks."),
                uncertainty="U(P) ≤ 1e-12, k = 2",
            ),
            _item(
                5,
                "not-applicable",
                _text("人脸识别", "Face recognition"),
                _text(
                    "申请人未声明此功能，本项不适用。", "The applicant does not claim it, so the item does not apply."
                ),
            ),
        ],
        "decision_rule": _text(
            "测得值加扩展不确定度 U（k = 2）后仍在限值内为符合；仅“应”类项目不通过可判产品不符合。",
            "Pass where the value with its expanded uncertainty U (k = 2) lies within the limit; only a “shall” item "
            "can fail a product.",
        ),
        "conclusion": "fail",
        "deviations": [_text("检测后无法判定：CLI-03。", "Tested and not decidable: CLI-03.")],
        "entry": 4712,
        "signatures": [
            {
                "function": _text("检测员", "Tester"),
                "name": _text("易文", "Ivan"),
                "person": identifier.from_seed("PERSON", b"ivan"),
            },
            {
                "function": _text("授权签字人", "Authorised signatory"),
                "name": _text("朱迪", "Judy"),
                "person": identifier.from_seed("PERSON", b"judy"),
            },
        ],
        "external": [],
        "opinions": [
            _text("建议将密钥移入系统密钥库。", "It is suggested to move the key into the system's key store.")
        ],
        "record": {
            "sha256": hashlib.sha256(b"record").digest(),
            "size": 6,
            "digest": hashlib.sha256(b"test record").digest(),
        },
        "statements": [_text("结果仅与所检样品有关。", "Results relate only to the items tested.")],
    }


@pytest.fixture
def audited() -> dict[str, Any]:
    """An audit report on the factory."""
    claims = _record()
    checks = (
        ("QA-01", "conforms", _text("职责与资源", "Responsibilities and resources"), "质量负责人任命书有效。"),
        (
            "QA-04",
            "nonconforming",
            _text("生产过程控制", "Control of production"),
            "两次构建的摘要不一致，原因未记录。",
        ),
        ("QA-09", "conforms", _text("产品一致性", "Consistency of product"), "抽取的发布包与申请摘要一致。"),
        ("QA-10", "not-applicable", _text("包装与储存", "Packing and storage"), "产品为软件。"),
    )
    english = (
        "The quality lead's appointment is valid.",
        "Two builds differ in digest; no reason is on record.",
        "The release drawn agrees with the digest applied for.",
        "The product is software.",
    )
    return {
        "number": claims["reports"][1],
        "body": {"name": BODY["name"], "address": BODY["address"]},
        "applicant": LOTUS,
        "site": {"name": FACTORY["name"]["zh"], "address": FACTORY["address"]},
        "occasion": _text("初始现场审核", "Initial audit"),
        "scheme": {name: claims["scheme"][name] for name in ("id", "edition", "name")},
        "product_type": claims["product_type"],
        "product": claims["product"],
        "scope": _text("设计、构建、发布与一致性。", "Design, build, release and consistency."),
        "started_on": "2026-05-06",
        "finished_on": "2026-05-07",
        "issued_on": "2026-05-09",
        "offline": True,
        "team": [
            {"function": _text("审核组长", "Lead auditor"), "name": _text("艾琳", "Erin")},
            {"function": _text("技术专家", "Technical expert"), "name": _text("凯特", "Kate")},
        ],
        "present": [{"function": _text("质量负责人", "Quality lead"), "name": _text("爱丽丝", "Alice")}],
        "items": [
            {
                "id": name,
                "title": title,
                "clauses": [_clause(f"CNCA-00C-005-2014 {name[-2:]}", "general")],
                "finding": finding,
                "note": _text(note, translated),
                "evidence": [f"{name.lower()}-photo-1.jpg {hashlib.sha256(name.encode()).hexdigest()}"],
            }
            for (name, finding, title, note), translated in zip(checks, english, strict=True)
        ],
        "nonconformities": [
            {
                "number": 1,
                "grade": "minor",
                "requirement": "QA-04",
                "finding": "6.2.1 版两次构建的摘要不一致，构建记录未说明原因。",
                "due": "2026-06-06",
                "state": "closed",
            }
        ],
        "decision_rule": _text("存在未关闭的不符合项时不得通过。", "No pass while a nonconformity is open."),
        "conclusion": _text("书面验证纠正措施后通过。", "Passed after written verification of the correction."),
        "deviations": [],
        "opinions": [],
        "signatures": [
            {
                "function": _text("审核组长", "Lead auditor"),
                "name": _text("艾琳", "Erin"),
                "on": "2026-05-09",
                "person": identifier.from_seed("PERSON", b"erin"),
            }
        ],
        "record_digest": hashlib.sha256(b"audit record").digest(),
    }
