#!/bin/sh
# Lays out the servers that the tests run as jars in BUILD/servers: kafka/ and registry/; for long fault runs an older
# Kafka in kafka-3.9/. What they are stands in tests/servers/pom.xml, what every file must be in
# tests/servers/servers.sha256 and kafka-3.9.sha256. Does nothing where all is there.
#
#     tools/servers.sh                  fetch and check
#     tools/servers.sh 3.9              the older Kafka
#     tools/servers.sh [3.9] --write    fetch, and write the checksums anew after a change of the pom
set -eu

older=3.9.1
root=$(cd "$(dirname "$0")/.." && pwd)
servers=$(cd "$root" && mkdir -p "${BUILD:-build}" && cd "${BUILD:-build}" && pwd)/servers
part=newest list=$root/tests/servers/servers.sha256 installed=$servers/.installed
if [ "${1:-}" = 3.9 ]; then
    part=older list=$root/tests/servers/kafka-3.9.sha256 installed=$servers/kafka-3.9/.installed
    shift
fi
wanted=$(cat "$root/tests/servers/pom.xml" "$list" 2>/dev/null | cksum)
[ "${1:-}" = --write ] || [ "$(cat "$installed" 2>/dev/null)" != "$wanted" ] || exit 0

# -C: what does not have the repository's checksum is refused.
fetch() {
    mvn -q -B -C -Dstyle.color=never "$@" -DoutputDirectory="$fetched" >&2
}

check() {
    cd "$fetched"
    if [ "$1" = --write ]; then
        LC_ALL=C sha256sum -- * >"$list"
        wanted=$(cat "$root/tests/servers/pom.xml" "$list" | cksum)
    fi
    sha256sum --quiet --strict -c "$list" >&2
}

echo "setup: fetching the servers of tests/servers/pom.xml ($part)" >&2
fetched=$servers/fetched-$part
[ $part = older ] || rm -rf "$servers"
rm -rf "$fetched"
mkdir -p "$fetched"
cd "$root/tests/servers"
if [ $part = older ]; then
    fetch -Dkafka.version=$older dependency:copy-dependencies -DincludeScope=runtime
    check "${1:-}"
    rm -rf "$servers/kafka-3.9"
    mv "$fetched" "$servers/kafka-3.9"
else
    version=$(sed -n 's/.*<registry.version>\(.*\)<.*/\1/p' pom.xml)
    fetch dependency:copy-dependencies -DincludeScope=runtime
    fetch dependency:copy -Dartifact="io.apicurio:apicurio-registry-app:$version:tar.gz:all"
    check "${1:-}"
    mkdir "$servers/registry"
    tar -xzf apicurio-registry-app-*.tar.gz -C "$servers/registry"
    rm apicurio-registry-app-*.tar.gz
    mv "$fetched" "$servers/kafka"
fi
echo "$wanted" >"$installed"
