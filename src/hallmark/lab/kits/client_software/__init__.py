"""CFP-01, client software: Android packages in full, iOS packages as far as a package shows, devices by record.

Sample files, by role: `apk` (the universal Android package), `ipa` (the iOS package), `codes` (a scanner's record).
At least one package is needed; a platform without one does not apply unless `platforms` declares it.

The applicant declares: `owner_certificates` (SHA-256 digests of signing certificates, hexadecimal), `permissions`,
`libraries` (names, or packages of classes), `exported_components` (class names open on purpose), `url_schemes`,
`platforms` ("apk", "ipa").

Limits, by item: each `decide` names its own; values are the scheme's. Flaws of the package itself fail; what only a
person can weigh is inspection needed; what cannot be read, or was obfuscated, is inconclusive and never passes.

Programs: Debian's `apksigner`, and `libbcprov-java`, without which Java cannot check RSA-PSS signatures.
"""

from __future__ import annotations

from hallmark.kernel.text import Text
from hallmark.lab.kit import Item, Kit, Measurement, Role
from hallmark.lab.kits.client_software import (
    backup,
    callsites,
    code,
    device,
    exposure,
    ios,
    native,
    network,
    package,
    secrets,
    signature,
)
from hallmark.lab.kits.client_software.check import self_check

_PACKAGE_BYTES = 2**29

KIT = Kit(
    id="client_software",
    version="1",
    product_types=("CFP-01",),
    roles=(
        Role("apk", Text("安卓安装包", "Android package"), required=False, most_bytes=_PACKAGE_BYTES),
        Role("ipa", Text("iOS 安装包", "iOS package"), required=False, most_bytes=_PACKAGE_BYTES),
        Role("codes", Text("付款码扫码记录", "Record of scanned payment codes"), required=False),
    ),
    measurements=(
        Measurement("package", package.measure, cpu_s=120, memory_mb=3072, wall_s=240),
        Measurement(
            "signature",
            signature.measure,
            programs=("apksigner", "java=default-jre-headless"),
            cpu_s=120,
            memory_mb=8192,  # address space: a Java machine reserves far more than it uses
            wall_s=180,
        ),
        Measurement("manifest", exposure.measure),
        Measurement("code", code.measure, cpu_s=300, memory_mb=3072, wall_s=600),
        Measurement("native", native.measure, cpu_s=120, memory_mb=3072, wall_s=240),
        Measurement("secrets", secrets.measure, cpu_s=300, memory_mb=3072, wall_s=600),
        Measurement("ios", ios.measure, cpu_s=120, memory_mb=3072, wall_s=240),
        Measurement("device", device.measure),
    ),
    items=(
        Item("CLI-01", "signature", signature.decide_signature),
        Item("CLI-02", "signature", signature.decide_strength),
        Item("CLI-03", "manifest", exposure.decide_debugging),
        Item("CLI-04", "manifest", backup.decide_backup),
        Item("CLI-05", "manifest", network.decide_network),
        Item("CLI-06", "manifest", exposure.decide_components),
        Item("CLI-07", "code", callsites.decide_permissions),
        Item("CLI-08", "code", callsites.decide_cryptography),
        Item("CLI-09", "secrets", secrets.decide_secrets),
        Item("CLI-10", "code", callsites.decide_pages),
        Item("CLI-11", "native", native.decide_native),
        Item(
            "CLI-12",
            "device",
            device.by_hand(
                "安装经修改并重新签名的副本，观察其是否拒绝启动。",
                "install a changed and newly signed copy, and see whether it refuses to start.",
            ),
        ),
        Item(
            "CLI-13",
            "device",
            device.by_hand(
                "在已获取最高权限、被挂钩的设备及模拟器上运行，观察是否告警。",
                "run it on a rooted and on a hooked device and on an emulator, and see whether it raises an alert.",
            ),
        ),
        Item("CLI-14", "code", callsites.decide_screens),
        Item(
            "CLI-15",
            "device",
            device.by_hand("抓取并解密其网络流量。", "capture and decrypt its network traffic."),
        ),
        Item(
            "CLI-16",
            "device",
            device.by_hand(
                "卸载或注销后检查存储中的残留数据。", "examine the storage after removal and after logging out."
            ),
        ),
        Item("CLI-17", "code", callsites.decide_libraries),
        Item("CLI-18", "ios", ios.decide_binaries),
        Item("CLI-19", "device", device.decide_codes),
        Item("CLI-20", "package", package.decide_archive),
        Item("CLI-21", "code", callsites.decide_server_identity),
        Item("CLI-22", "ios", ios.decide_transport),
        Item("CLI-23", "ios", ios.decide_entitlements),
    ),
    self_check=self_check,
    libraries=("androguard", "apkInspector", "lief", "numpy"),
)
