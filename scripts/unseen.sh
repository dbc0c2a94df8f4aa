#!/usr/bin/env bash
# Fetches the schemas of public packages into target/unseen, each from its registry, for `cargo test --test it -- unseen::`.
# They are others' files, were not looked at while this project was written, and are kept nowhere.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/target/unseen
mkdir -p "$out/archives"

grep -v '^#' tests/it/unseen/sources.tsv | while IFS=$'\t' read -r name _major url inside; do
  if [ -e "$out/$name" ] || [ -e "$out/$name.sql" ]; then continue; fi
  archive=$out/archives/$name
  curl --fail --silent --show-error --location --retry 3 --output "$archive" "$url" || { echo "unseen: $name: not to be had" >&2; continue; }
  unpacked=$(mktemp -d)
  case $url in
    *.zip | *.jar) (cd "$unpacked" && python3 -m zipfile -e "$archive" .) ;;
    *) tar -xzf "$archive" -C "$unpacked" ;;
  esac
  # Several files are one script, in their order.
  found=()
  for pattern in $inside; do
    for path in $unpacked/$pattern; do [ -e "$path" ] && found+=("$path"); done
  done
  if [ "${#found[@]}" = 0 ]; then echo "unseen: $name: nothing at $inside" >&2
  elif [ -d "${found[0]}" ]; then cp -r "${found[0]}" "$out/$name"
  else cat "${found[@]}" >"$out/$name.sql"
  fi
  rm -rf "$unpacked"
done
