#!/usr/bin/env bash
# Runs every test to its end and sums up what the runners' closing lines say. Scope: `spread` or `all` of the real schemas; with `all`
# on every PostgreSQL major that is here, too.
set -uo pipefail
cd "$(dirname "$0")/.."

export PGX_GOOSE_SCOPE=${1:-spread}
[ "$PGX_GOOSE_SCOPE" != all ] || export PGX_GOOSE_PG_MAJORS=${PGX_GOOSE_PG_MAJORS:-all}
export PATH=$PWD/.cache/bin:$PATH
log=target/test.log
mkdir -p target

cargo test --no-fail-fast 2>&1 | tee "$log"
status=${PIPESTATUS[0]}

awk '/^test result:/ { for (i = 2; i <= NF; i++) { if ($i == "passed;") p += $(i-1); if ($i == "failed;") f += $(i-1); if ($i == "ignored;") s += $(i-1) } }
     END { printf "\n%d passed, %d failed, %d skipped\n", p, f, s }' "$log"
exit "$status"
