#!/bin/sh
# Lays out the servers that the tests run as jars in BUILD/servers: kafka/ and registry/. What they are stands in
# tests/servers/pom.xml, what every file must be in tests/servers/servers.sha256. Does nothing where all is there.
#
#     tools/servers.sh            fetch and check
#     tools/servers.sh --write    fetch, and write the checksums anew after a change of the pom
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
list=$root/tests/servers/servers.sha256
servers=$(cd "$root" && mkdir -p "${BUILD:-build}" && cd "${BUILD:-build}" && pwd)/servers
wanted=$(cat "$root/tests/servers/pom.xml" "$list" 2>/dev/null | cksum)
[ "${1:-}" = --write ] || [ "$(cat "$servers/.installed" 2>/dev/null)" != "$wanted" ] || exit 0

echo "setup: fetching the servers of tests/servers/pom.xml" >&2
version=$(sed -n 's/.*<registry.version>\(.*\)<.*/\1/p' "$root/tests/servers/pom.xml")
rm -rf "$servers"
mkdir -p "$servers/fetched"
cd "$root/tests/servers"
# -C: what does not have the repository's checksum is refused.
mvn -q -B -C -Dstyle.color=never dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$servers/fetched" >&2
mvn -q -B -C -Dstyle.color=never dependency:copy -Dartifact="io.apicurio:apicurio-registry-app:$version:tar.gz:all" \
    -DoutputDirectory="$servers/fetched" >&2
cd "$servers/fetched"
if [ "${1:-}" = --write ]; then
    LC_ALL=C sha256sum -- * >"$list"
    wanted=$(cat "$root/tests/servers/pom.xml" "$list" | cksum)
fi
sha256sum --quiet --strict -c "$list" >&2
mkdir "$servers/registry"
tar -xzf apicurio-registry-app-*.tar.gz -C "$servers/registry"
rm apicurio-registry-app-*.tar.gz
mv "$servers/fetched" "$servers/kafka"
echo "$wanted" >"$servers/.installed"
