#!/usr/bin/env bash
# Fetches the schemas of public packages into target/unseen, by the clients of their registries, for `cargo test --test it -- unseen::`.
# They are others' files, were not looked at while this project was written, and are kept nowhere.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/target/unseen
mkdir -p "$out"

# Prints the folder with what is in a package.
unpacked() {
  case $1 in
    crate)
      cargo info --quiet "$2" >/dev/null 2>&1 || return 1
      find "${CARGO_HOME:-$HOME/.cargo}/registry/src" -mindepth 2 -maxdepth 2 -name "${2/@/-}" | head -1
      ;;
    maven)
      local folder
      folder=$(mktemp -d)
      mvn --quiet --batch-mode dependency:copy -Dartifact="$2" -DoutputDirectory="$folder" >/dev/null 2>&1 || return 1
      (cd "$folder" && python3 -m zipfile -e ./*.jar .)
      echo "$folder"
      ;;
  esac
}

grep -v '^#' tests/it/unseen/sources.tsv | while IFS=$'\t' read -r name _major package inside; do
  if [ -e "$out/$name" ] || [ -e "$out/$name.sql" ]; then continue; fi
  read -r registry id <<<"$package"
  folder=$(unpacked "$registry" "$id" </dev/null) && [ -n "$folder" ] || { echo "unseen: $name: not to be had" >&2; continue; }
  # Several files are one script, in their order.
  found=()
  for path in $inside; do [ ! -e "$folder/$path" ] || found+=("$folder/$path"); done
  if [ "${#found[@]}" = 0 ]; then echo "unseen: $name: nothing at $inside" >&2
  elif [ -d "${found[0]}" ]; then cp -r "${found[0]}" "$out/$name"
  else cat "${found[@]}" >"$out/$name.sql"
  fi
done
