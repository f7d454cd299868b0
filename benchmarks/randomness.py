"""The randomness battery beside NIST's C code, as PyPI ships it in sp80022suite, on the binary digits of e.

CPU seconds, one thread, best of several windows, after compilation. The peer is built in a folder that vanishes; where
that does not work, the peer is the slow reference of the kit's own tests, on a short sequence.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from measure import Row, best, show

from hallmark.lab.kits.security_chip import battery, published
from hallmark.lab.kits.security_chip.constants import GMT_0005_2021, PLANS, SP_800_22, SP_800_22_PLAN, Plan
from hallmark.lab.kits.security_chip.order import Bits, unpack
from hallmark.lab.kits.security_chip.tests import reference

N = 1_000_000
SHORT = 20_000
PATIENCE_S = 120
AIM_S = 0.10
PEER = """
import json, sys, time
import sp80022suite as peer
bits = open(sys.argv[1], "rb").read()
tests = {
    "frequency": (peer.frequency,), "block-frequency/128": (peer.block_frequency, 128), "runs": (peer.runs,),
    "longest-run/10000/ones": (peer.longest_run_of_ones,), "rank": (peer.rank,),
    "fourier": (peer.discrete_fourier_transform,), "universal": (peer.universal,),
    "approximate-entropy/10": (peer.approximate_entropy, 10), "serial/16/2": (peer.serial, 16),
    "cumulative-sums/forward": (peer.cumulative_sums,), "linear-complexity/500": (peer.linear_complexity, 500),
}
values, best = {}, 1e9
for _ in range(2):
    start = time.process_time()
    values = {name: test(*parameter, bits) for name, (test, *parameter) in tests.items()}
    best = min(best, time.process_time() - start)
print(json.dumps([values, best]))
"""


def main() -> None:
    """Print the cost of each set of tests, ours and the peer's, and the ratio."""
    bits = unpack(published.digits_of_e(N))
    ours = cost(lambda: battery.run(battery.Sequence(bits), PLANS[N], GMT_0005_2021))
    columns = len(battery.columns(PLANS[N]))
    rows = [Row(f"GM/T 0005-2021, 15 tests, {columns} columns", ours, "s", AIM_S)]
    found = battery.run(battery.Sequence(bits), SP_800_22_PLAN, SP_800_22)
    peer = nist(bits)
    if peer is None:
        print("sp80022suite could not be built here")
        rows.append(beside_reference(bits[:SHORT]))
    else:
        values, seconds = peer
        assert all(abs(found[name][0] - p) < 1e-6 for name, p in values.items()), "the peer gives other values"
        shared = cost(lambda: battery.run(battery.Sequence(bits), SP_800_22_PLAN, SP_800_22))
        rows.append(Row(f"SP 800-22, {len(values)} tests of equal values", shared, "s", None, "NIST's C code", seconds))
    show("randomness battery, 10^6 bit, CPU time of one thread", rows)


def cost(work: Callable[[], object]) -> float:
    """Return CPU seconds of the best window; the first, which compiles, does not count."""
    work()
    return best(work)


def nist(bits: Bits) -> tuple[dict[str, float], float] | None:
    """Return the peer's P-values and CPU seconds, or None where it cannot be had."""
    with tempfile.TemporaryDirectory() as folder:
        python, data = Path(folder, "peer", "bin", "python"), Path(folder, "bits")
        data.write_bytes(bits.tobytes())
        for command in (
            [sys.executable, "-m", "venv", str(Path(folder, "peer"))],
            [str(python), "-m", "pip", "install", "--quiet", "sp80022suite"],
            [str(python), "-c", PEER, str(data)],
        ):
            try:
                done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=True)
            except (OSError, subprocess.SubprocessError):
                return None
        values, seconds = json.loads(done.stdout)
        return values, seconds


def beside_reference(bits: Bits) -> Row:
    """Return our cost beside the reference's for the tests of short sequences that cost most there."""
    plan: Plan = tuple((test, values) for test, values in PLANS[SHORT] if test in ("serial", "approximate-entropy"))
    listed = bits.tolist()
    ours = cost(lambda: battery.run(battery.Sequence(bits), plan, GMT_0005_2021))

    def plain() -> None:
        for length in (3, 5):
            reference.serial(listed, length)
        for length in (2, 5):
            reference.approximate_entropy(listed, length)

    return Row("serial and approximate entropy, 20,000 bit", ours, "s", None, "plain Python", cost(plain))


if __name__ == "__main__":
    main()
