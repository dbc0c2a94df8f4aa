#!/usr/bin/env bash
# DDL -> snapshot -> Go, without a database: what a first user does, in target/run.
set -euo pipefail
cd "$(dirname "$0")/.."

source=$(realpath "${1:-fixtures/shop/schema}")
tool=$PWD/target/release/pgx-goose
out=target/run
mkdir -p "$out"
cd "$out"
[ -e go.mod ] || printf 'module example.com/run\n\ngo 1.23\n' >go.mod

"$tool" snapshot create "$source" -o schema.pgsnap
"$tool" generate --from schema.pgsnap --out generated
echo
echo "snapshot   $out/schema.pgsnap ($(stat -c %s schema.pgsnap) bytes)"
echo "Go         $out/generated ($(find generated -name '*.go' | wc -l) files; to build it: cd $out && go mod tidy && go build ./...)"
