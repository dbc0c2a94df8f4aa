#!/usr/bin/env bash
# pgx-goose beside other generators of Go from a PostgreSQL schema, on this machine.
#
#   benches/rivals/run.sh            all of the below
#   benches/rivals/run.sh install    builds pgx-goose and installs the others from the Go module proxy, into target/rivals
#   benches/rivals/run.sh measure N  measures with N tables
#   benches/rivals/run.sh document   prints the table and puts it into docs/performance.md
#
# A rival that can't be installed or doesn't take the schema is named, with the reason, and left out. Each number is the median of three runs (of five of
# ours). Rivals that read a database get a server of their own that is warm; ours reads a snapshot, sqlc the DDL.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD place=$PWD/target/rivals
mkdir -p "$place/bin"
ours=${PGX_GOOSE:-$root/target/release/pgx-goose}

# name, package, version
rivals='pgx-goose-1.1-(Go) github.com/fsvxavier/pgx-goose v1.1.0
sqlc github.com/sqlc-dev/sqlc/cmd/sqlc v1.31.1
jet github.com/go-jet/jet/v2/cmd/jet v2.14.1
bob github.com/stephenafamo/bob/gen/bobgen-psql v0.41.1
xo github.com/xo/xo v1.0.2'

leave_out() { printf '%s\t%s\n' "$1" "$2" >>"$place/left_out.tsv"; echo "left out: $1: $2" >&2; }

install() {
  : >"$place/left_out.tsv"
  [ -n "${PGX_GOOSE:-}" ] || cargo build --release --quiet
  while read -r name package version; do
    program=$place/bin/$(basename "$package")
    [ "$name" != 'pgx-goose-1.1-(Go)' ] || program=$place/bin/original
    [ ! -x "$program" ] || continue
    echo "installing $name $version" >&2
    if ! GOBIN=$place/bin GOFLAGS=-buildvcs=false go install "$package@$version" >"$place/install.log" 2>&1; then
      leave_out "$name" "go install $package@$version: $(grep -v '^\s*$' "$place/install.log" | tail -1 | sed 's/^[[:space:]]*//' | cut -c1-160)"
    elif [ "$name" = 'pgx-goose-1.1-(Go)' ]; then
      mv "$place/bin/pgx-goose" "$program"
    fi
  done <<<"$rivals"
}

# The shape of benches/stages/schema.rs: ten columns, a primary and a unique key, a check, two indexes, foreign keys, comments.
ddl() {
  awk -v tables="$1" 'BEGIN {
    for (n = 0; n < tables; n++) {
      printf "CREATE TABLE item_%d (\n  id bigint PRIMARY KEY,\n  code text NOT NULL UNIQUE,\n  name text NOT NULL,\n  amount integer NOT NULL DEFAULT 0 CHECK (amount >= 0),\n  active boolean NOT NULL DEFAULT true,\n  note text,\n  created_at timestamptz NOT NULL DEFAULT now(),\n  updated_at timestamptz,\n  parent_id bigint%s,\n  other_id bigint%s\n);\n", n, (n ? sprintf(" REFERENCES item_%d", n - 1) : ""), ((n > 1) ? sprintf(" REFERENCES item_%d", int(n / 2)) : "")
      printf "CREATE INDEX item_%d_name ON item_%d (name);\nCREATE INDEX item_%d_parent ON item_%d (parent_id);\nCOMMENT ON TABLE item_%d IS '"'"'The items of kind %d.'"'"';\n", n, n, n, n, n, n
    } }'
}

# The queries that sqlc needs to make comparable code: it writes what it is asked for and nothing else.
queries() {
  awk -v tables="$1" 'BEGIN { columns = "id, code, name, amount, active, note, created_at, updated_at, parent_id, other_id"
    for (n = 0; n < tables; n++) { t = "item_" n
      printf "-- name: Create%d :one\nINSERT INTO %s (%s) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING *;\n", n, t, columns
      printf "-- name: Get%d :one\nSELECT * FROM %s WHERE id = $1;\n-- name: GetByCode%d :one\nSELECT * FROM %s WHERE code = $1;\n", n, t, n, t
      printf "-- name: List%d :many\nSELECT * FROM %s ORDER BY id LIMIT $1 OFFSET $2;\n-- name: ListByParent%d :many\nSELECT * FROM %s WHERE parent_id = $1 ORDER BY id;\n", n, t, n, t
      printf "-- name: Update%d :one\nUPDATE %s SET code = $2, name = $3, amount = $4, active = $5, note = $6 WHERE id = $1 RETURNING *;\n", n, t
      printf "-- name: Delete%d :exec\nDELETE FROM %s WHERE id = $1;\n-- name: Count%d :one\nSELECT count(*) FROM %s;\n", n, t, n, t } }'
}

# Starts a server for this script, on a socket.
server() {
  # Not local: the trap needs them.
  bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
  [ -n "$bin" ] || { echo 'there is no PostgreSQL in /usr/lib/postgresql' >&2; return 1; }
  data=$(mktemp -d) port=$((20000 + RANDOM % 20000))
  as=(); if [ "$(id -u)" = 0 ]; then chown nobody "$data"; as=(setpriv --reuid=nobody --clear-groups); fi
  (cd /; "${as[@]}" "$bin/initdb" -D "$data/pg" -U postgres -A trust -E UTF8 --no-sync >/dev/null)
  (cd /; "${as[@]}" "$bin/pg_ctl" -D "$data/pg" -o "-p $port -k $data -c fsync=off -c max_locks_per_transaction=4096" -w -l "$data/log" start >/dev/null)
  trap 'cd /; "${as[@]}" "$bin/pg_ctl" -D "$data/pg" -m immediate stop >/dev/null 2>&1; rm -rf "$data"' EXIT
  dsn="postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable"
}

# Runs a command some times in the current folder; prints the medians of its wall time and of its CPU time, in milliseconds.
timed() {
  local times=$1; shift
  for _ in $(seq "$times"); do
    local TIMEFORMAT='%R %U %S'
    { time "$@" >"$place/out.log" 2>&1 || echo failed >>"$place/failed"; } 2>&1
  done | awk '{ wall[NR] = $1 * 1000; cpu[NR] = ($2 + $3) * 1000 } END { n = asort_(wall); asort_(cpu); printf "%.0f\t%.0f", wall[int((NR + 1) / 2)], cpu[int((NR + 1) / 2)] }
    function asort_(a, i, j, t) { for (i = 1; i <= NR; i++) for (j = i + 1; j <= NR; j++) if (a[j] < a[i]) { t = a[i]; a[i] = a[j]; a[j] = t } return NR }'
}

# What of which tool with how many tables took how long, and what came of it.
record() { printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "${5:-}" >>"$place/measured.tsv"; echo "$1 tables, $2, $3: $4" >&2; }

made() { find "$1" -name '*.go' -type f 2>/dev/null | awk '{ n++ } END { printf "%d files", n }'; printf ', %.1f MB' "$(find "$1" -name '*.go' -type f -exec cat {} + 2>/dev/null | wc -c | awk '{ print $1 / 1e6 }')"; }

measure() {
  local tables=$1 work=$place/work_$1
  rm -rf "$work"; mkdir -p "$work"; touch "$place/measured.tsv"
  sed -i "/^$tables\t/d" "$place/measured.tsv"
  ddl "$tables" >"$work/schema.sql"
  sed "s/^COMMENT ON TABLE item_$((tables / 2)) IS .*/COMMENT ON TABLE item_$((tables / 2)) IS 'Changed.';/" "$work/schema.sql" >"$work/changed.sql"

  # Ours.
  mkdir "$work/ours"; cd "$work/ours"
  printf 'module example.com/app\n\ngo 1.24\n' >go.mod
  "$ours" snapshot create ../schema.sql -o before.pgsnap --quiet
  "$ours" snapshot create ../changed.sql -o after.pgsnap --quiet
  fresh() { for _ in 1 2 3 4 5; do rm -rf gen; sync; timed 1 "$ours" --from before.pgsnap --out gen --quiet; echo; done | sort -n | sed -n 3p; }
  rm -f "$place/failed"
  record "$tables" pgx-goose full "$(fresh)" "$(made gen)"
  rm -rf gen
  "$ours" --from before.pgsnap --out gen --quiet --incremental
  record "$tables" pgx-goose nothing "$(timed 5 "$ours" --from before.pgsnap --out gen --incremental --quiet)"
  one() { for n in 1 2 3 4 5; do from=$([ $((n % 2)) = 1 ] && echo after || echo before); timed 1 "$ours" --from $from.pgsnap --out gen --incremental --quiet; echo; done | sort -n | sed -n 3p; }
  record "$tables" pgx-goose one "$(one)"
  rm -rf gen
  compiled=$("$ours" --from before.pgsnap --out gen --verbose 2>&1 | sed -n 's/.*Templates compiled in \([0-9.]*\)ms.*/\1/p' | head -1)
  record "$tables" pgx-goose templates "$compiled	$compiled"
  [ ! -e "$place/failed" ] || { echo 'pgx-goose failed' >&2; cat "$place/out.log" >&2; exit 1; }
  cd "$root"

  server
  "$(dirname "$(ls /usr/lib/postgresql/*/bin/psql | sort -V | tail -1)")/psql" -q -h "$data" -p "$port" -U postgres -f "$work/schema.sql" >/dev/null
  rival() { # name, program, folder that it writes to, command
    local name=$1 program=$2 folder=$3; shift 3
    [ -x "$place/bin/$program" ] || return 0
    rm -f "$place/failed"; mkdir -p "$work/$program"; cd "$work/$program"
    if ! timeout 60 "$@" >"$place/out.log" 2>&1; then
      leave_out "$name" "with $tables tables: $(tail -1 "$place/out.log" | cut -c1-160)"
    else
      record "$tables" "$name" full "$(timed 3 "$@")" "$(made "$folder")"
    fi
    cd "$root"
  }
  mkdir -p "$work/sqlc"; queries "$tables" >"$work/sqlc/queries.sql"; cp "$work/schema.sql" "$work/sqlc/"
  printf 'version: "2"\nsql:\n  - engine: postgresql\n    schema: schema.sql\n    queries: queries.sql\n    gen:\n      go: {package: db, out: gen, sql_package: pgx/v5, emit_interface: true, emit_json_tags: true}\n' >"$work/sqlc/sqlc.yaml"
  rival sqlc sqlc gen "$place/bin/sqlc" generate
  rival jet jet gen "$place/bin/jet" -dsn="$dsn" -schema=public -path=gen
  mkdir -p "$work/bobgen-psql"; printf 'module example.com/app\n\ngo 1.24\n' >"$work/bobgen-psql/go.mod"
  printf 'psql:\n  dsn: "%s"\n  output: gen\n' "$dsn" >"$work/bobgen-psql/bobgen.yaml"
  rival bob bobgen-psql . "$place/bin/bobgen-psql" -c bobgen.yaml
  mkdir -p "$work/xo/gen"
  rival xo xo gen "$place/bin/xo" schema "$dsn" -o gen
  rival 'pgx-goose 1.1 (Go)' original gen "$place/bin/original" --dsn "$dsn" --out gen --parallel
}

document() {
  local version
  {
    echo "$(date -u +%F) on $(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), Linux $(uname -r); \`benches/rivals/run.sh\`. Wall time; CPU time of all cores in brackets."
    echo
    echo '| | 100 tables | 1,000 tables | makes, for 1,000 |'
    echo '| --- | ---: | ---: | --- |'
    awk -F'\t' '
      { tool = $2; what = $3; wall[$1, tool, what] = $4; cpu[$1, tool, what] = $5; made[$1, tool, what] = $6; if (!seen[tool]++) order[++n] = tool }
      function cell(t, tool, what) { return ((t, tool, what) in wall) ? (what == "templates" ? wall[t, tool, what] " ms" : wall[t, tool, what] " ms (" cpu[t, tool, what] ")") : "–" }
      function times(tool) { return (tool != "pgx-goose" && wall[1000, tool, "full"] && wall[1000, "pgx-goose", "full"]) ? sprintf("; %.1f× ours", wall[1000, tool, "full"] / wall[1000, "pgx-goose", "full"]) : "" }
      END {
        for (i = 1; i <= n; i++) printf "| %s, everything | %s | %s%s | %s |\n", order[i], cell(100, order[i], "full"), cell(1000, order[i], "full"), times(order[i]), made[1000, order[i], "full"]
        printf "| pgx-goose, one table changed | %s | %s | |\n", cell(100, "pgx-goose", "one"), cell(1000, "pgx-goose", "one")
        printf "| pgx-goose, nothing changed | %s | %s | |\n", cell(100, "pgx-goose", "nothing"), cell(1000, "pgx-goose", "nothing")
        printf "| pgx-goose, compiling its templates | %s | %s | |\n", cell(100, "pgx-goose", "templates"), cell(1000, "pgx-goose", "templates")
      }' "$place/measured.tsv"
    echo
    sort -u "$place/left_out.tsv" | awk -F'\t' '{ printf "Left out: %s (%s).\n", $1, $2 }'
  } >"$place/table.md"
  cat "$place/table.md"
  awk -v table="$place/table.md" '
    /<!-- rivals: begin -->/ { print; while ((getline line < table) > 0) print line; skip = 1; next }
    /<!-- rivals: end -->/ { skip = 0 }
    !skip' docs/performance.md >"$place/performance.md"
  cp "$place/performance.md" docs/performance.md
}

case ${1:-all} in
  install) install ;;
  measure) measure "$2" ;;
  document) document ;;
  all) install; for tables in 100 1000; do "$0" measure "$tables"; done; document ;;
  *) sed -n '2,10p' "$0"; exit 2 ;;
esac
