#!/usr/bin/env bash
# Installs what building (`build`), testing (`test`) or testing with every real schema and every PostgreSQL major (`all`) needs and the
# machine lacks; `majors` is the part of `all` that brings the servers of PostgreSQL 13 to 18.
# Debian and its kin only; elsewhere it says what is missing. Quick and silent when there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."

level=${1:-all}
staticcheck_version=v0.8.2
goose_version=v3.30.1
migrate_version=v4.20.1
postgresql_major=15
cache=$PWD/.cache

say() { echo "install-deps: $*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else say "neither root nor sudo: please install by hand: $*"; return 1
  fi
}

apt_updated=
apt_install() {
  if ! command -v apt-get >/dev/null; then
    say "not a Debian system: please install what these packages bring: $*"
    return 1
  fi
  if [ -z "$apt_updated" ]; then
    as_root apt-get -qq -o Acquire::Retries=3 update >&2
    apt_updated=yes
  fi
  say "installing $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 install --yes --no-install-recommends "$@" >/dev/null
}

need() {
  command -v "$1" >/dev/null || { say "\`$1\` is missing: $2"; exit 1; }
}

# libpg_query is C, and its Rust bindings are made with libclang while building.
build() {
  need cargo 'install Rust from https://rustup.rs'
  # Not libclang-cpp, which comes with LLVM's own tools: the bindings are made through the C interface.
  local found=(/usr/lib/llvm-*/lib/libclang{.so,-[0-9]}* /usr/lib{,64}/libclang{.so,-[0-9]}* /usr/lib/*-linux-gnu/libclang{.so,-[0-9]}*)
  local there=
  for file in "${found[@]}"; do [ -e "$file" ] && there=yes; done
  [ -n "$there" ] || [ -n "${LIBCLANG_PATH:-}" ] || apt_install libclang-dev
  command -v cc >/dev/null || apt_install gcc libc6-dev
}

postgresql() {
  local found=(/usr/lib/postgresql/*/bin/initdb)
  [ -e "${found[0]}" ] || command -v initdb >/dev/null || {
    if apt-cache show "postgresql-$postgresql_major" >/dev/null 2>&1 || { as_root apt-get -qq update >&2 && apt_updated=yes && apt-cache show "postgresql-$postgresql_major" >/dev/null 2>&1; }; then
      apt_install "postgresql-$postgresql_major" "postgresql-client-$postgresql_major"
    else
      apt_install postgresql
    fi
  }
  command -v setpriv >/dev/null || apt_install util-linux
}

# Two of the real schemas use PostGIS; without the package they are left out aloud.
postgis() {
  local found=(/usr/share/postgresql/*/extension/postgis.control)
  [ -e "${found[0]}" ] || apt_install "postgresql-$postgresql_major-postgis-3" "postgresql-$postgresql_major-postgis-3-scripts" ||
    say 'no PostGIS: schemas that need it will be skipped'
}

# go_tool NAME VERSION PACKAGE [TAGS]: a program written in Go, into .cache/bin.
go_tool() {
  local stamp=$cache/bin/.$1-$2-$(go env GOVERSION)
  if [ ! -e "$stamp" ]; then
    say "installing $1 $2 into .cache/bin"
    mkdir -p "$cache/bin"
    GOBIN=$cache/bin GOFLAGS=-mod=mod CGO_ENABLED=0 go install -tags "${4:-}" "$3@$2"
    touch "$stamp"
  fi
}

golang() {
  need go 'install Go 1.25 or later from https://go.dev/dl'
  go_tool staticcheck "$staticcheck_version" honnef.co/go/tools/cmd/staticcheck
  # The tools that apply migrations, with no other driver than PostgreSQL's.
  go_tool goose "$goose_version" github.com/pressly/goose/v3/cmd/goose \
    no_clickhouse,no_duckdb,no_libsql,no_mssql,no_mysql,no_redshift,no_spanner,no_sqlite3,no_starrocks,no_tidb,no_turso,no_vertica,no_ydb
  go_tool migrate "$migrate_version" github.com/golang-migrate/migrate/v4/cmd/migrate postgres
  # The libraries that generated code may use, all in one module that pins them.
  (cd tests/go && GOPROXY=off go mod download >/dev/null 2>&1) || (cd tests/go && say 'downloading Go modules' && go mod download)
}

# Servers of the other majors, into .cache. Without them the tests run on the installed one alone.
majors() {
  command -v mvn >/dev/null || apt_install maven
  command -v pip >/dev/null || apt_install python3-pip
  command -v unzip >/dev/null || apt_install unzip
  command -v xz >/dev/null || apt_install xz-utils
  scripts/postgresql-majors.sh
}

case $level in
  build) build ;;
  test) build; postgresql; golang ;;
  majors) majors ;;
  all) build; postgresql; postgis; golang; majors ;;
  *) say "unknown level \`$level\`: build, test, majors or all"; exit 2 ;;
esac
