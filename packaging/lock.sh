#!/bin/sh
# Write the locks anew from pyproject.toml; hashes and no addresses, so any index serves.
set -eu
cd "$(dirname "$0")/.."
lock() { output=$1; shift; uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate "$@" pyproject.toml --output-file "packaging/$output"; }
lock run.lock --extra server --extra paper --extra kits --extra demo --extra build
lock test.lock --extra test
lock bench.lock --extra bench
