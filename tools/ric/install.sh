#!/usr/bin/env bash
# Installs AWS's Lambda runtime client into the git-ignored .cache/ric, once per lock file. It compiles for a minute or two,
# and needs what its native part needs: a C++ compiler, make, cmake, and Node's headers.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
cache="$here/../../.cache"
lock="$(sha256sum "$here/package-lock.json" | cut -d' ' -f1)"

if [ "$(cat "$cache/ric/.installed" 2>/dev/null || true)" = "$lock" ]; then
  exit 0
fi
fresh="$cache/ric.$$"
trap 'rm -rf "$fresh"' EXIT
mkdir -p "$fresh"
cp "$here/package.json" "$here/package-lock.json" "$fresh/"
# The headers of a Node on this machine, where there is one that has them: its native part uses the stable interface alone.
if [ -z "${npm_config_nodedir:-}" ]; then
  for node in $(type -ap node); do
    prefix="$(dirname "$(dirname "$(readlink -f "$node")")")"
    if [ -e "$prefix/include/node/node_api.h" ]; then
      export npm_config_nodedir="$prefix"
      break
    fi
  done
fi
(cd "$fresh" && npm ci --no-audit --no-fund)
echo "$lock" >"$fresh/.installed"
rm -rf "$cache/ric"
mv "$fresh" "$cache/ric"
