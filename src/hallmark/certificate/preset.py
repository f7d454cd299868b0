"""The preset dictionary of printed codes: what certificates have in common, which so takes no room on paper.

Part of the format: a code made with it is unreadable with any other. It is published in docs/spec/certificate.md and
never changes under the prefix `HM1:`.
"""

from __future__ import annotations

from collections.abc import Iterator

# Product types, standards and names of the scheme that certificates are mostly of. Others merely shrink less.
_WORDS = (
    ("客户端软件", "Client software"),
    ("安全芯片", "Security chip"),
    ("安全载体", "Security carrier"),
    ("嵌入式应用软件", "Embedded application software"),
    ("银行卡自动柜员机（ATM）终端", "Bank-card ATM terminal"),
    ("支付销售点（POS）终端", "Payment POS terminal"),
    ("移动终端可信执行环境（TEE）", "Mobile-terminal trusted execution environment"),
    ("可信应用程序（TA）", "Trusted application"),
    (
        "条码支付受理终端（含显码设备、扫码设备）",
        "Barcode payment acceptance terminal, code-display and code-scanning devices included",
    ),
    ("声纹识别系统", "Voiceprint recognition system"),
    ("云计算平台", "Cloud computing platform"),
    ("区块链技术产品", "Blockchain technology product"),
    ("商业银行应用程序接口", "Commercial-bank API"),
    ("多方安全计算金融应用", "Secure multi-party computation financial application"),
    ("科技有限公司", "Technology Co., Ltd."),
    ("认证中心", "Certification Centre"),
    ("信息安全实验室", "Information Security Laboratory"),
    ("省市区县路街号", "No. Road, Street, District, City, Province"),
    ("北京市海淀区", "Beijing"),
    ("上海市浦东新区", "Shanghai"),
    ("广东省深圳市", "Shenzhen"),
)
_STANDARDS = (
    ("JR/T 0025", "2018"),
    ("JR/T 0068", "2020"),
    ("JR/T 0092", "2019"),
    ("JR/T 0095", "2012"),
    ("JR/T 0098.3", "2012"),
    ("JR/T 0120.1", "2016"),
    ("JR/T 0156", "2017"),
    ("JR/T 0171", "2020"),
    ("JR/T 0231", "2021"),
    ("T/PCAC 0006", "2019"),
    ("GM/T 0008", "2012"),
    ("GM/T 0028", "2014"),
    ("GB/T 22239", "2019"),
    ("条码支付安全技术规范", "2017"),
)


def _text(text: str) -> bytes:
    """Return the CBOR of a text shorter than 256 bytes."""
    data = text.encode()
    return (bytes([0x60 + len(data)]) if len(data) < 24 else bytes([0x78, len(data)])) + data


def _pieces() -> Iterator[bytes]:
    """Yield the pieces in the order of a statement, the rarest first: what stands last is cheapest to refer to."""
    for chinese, english in _WORDS:
        yield b"\xa2ben" + _text(english) + b"bzh" + _text(chinese)
    for name, edition in _STANDARDS:
        yield b"\xa2bid" + _text(name) + b"gedition" + _text(edition)
    yield b"\xa4\x012\x03x0application/vnd.hallmark.certificate.issued+cbor\x04X \x0f\xa4\x01wORG-"
    yield b"\x02x\x1aCFP-2026-01-00000\x06\x1aienv"
    yield b"Y\x05\xa4fpublic\xafdbody\xa3bidwORG-dname\xa2benbzhgaddress"
    yield b"dmode\x83itype_testeauditlsurveillancefscheme\xa5bidccfpdname\xa2ben"
    yield _text("Certification of Fintech Products (CFP)") + b"bzh" + _text("金融科技产品认证")
    yield b"gedition" + _text("2022.1") + b"gprofile" + _text("news-2019") + b"noffset_minutes\x19\x01\xe0"
    yield b"gfactory\xa2dname\xa2benbzhgaddressgproduct\xa6dname\xa2benbzhemodelfbuilds\x81\xa4dname.apk"
    yield b"drolegpackagedsize\x1afsha256X gversione1.0.0hfunctionitrademark"
    yield b"greports\x82x\x1aREPORT-x\x1aREPORT-iapplicant\xa2dname\xa2benbzhgaddressistandards\x87"
    yield b"jgranted_onj2026-jvalid_fromj2026-kcase_digestX kvalid_untilj2029-"
    yield b"llaboratories\x81\xa3bidwORG-dname\xa2benbzhgaddress"
    yield b"lmanufacturer\xa2dname\xa2benbzhgaddresslproduct_type\xa2bidfCFP-01dname\xa2ben"
    yield b"fsealed\xa0gmembers\xa1dcaseX iapprovals\x80X@"


DICTIONARY = b"".join(_pieces())
