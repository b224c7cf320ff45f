#!/bin/sh
# Installs what a fresh Debian 12 lacks. `setup.sh build` is what the program needs to be built and
# run; `setup.sh all` adds what the tests and benchmarks need. Does nothing where all is there.
set -eu

build_packages="gcc make libc6-dev libmicrohttpd-dev libgnutls28-dev libsqlite3-dev libpq-dev libssl-dev libidn2-dev libunistring-dev"
test_packages="libcmocka-dev clang clang-format clang-tidy libclang-rt-14-dev python3 python3-pytest
    postgresql-15 curl jq wrk nginx-light procps openssl dpkg-dev adduser groff-base systemd"

wanted=$build_packages
[ "${1:-all}" = build ] || wanted="$wanted $test_packages"

missing=
for package in $wanted; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "setup: installing$missing" >&2
if [ "$(id -u)" != 0 ]; then
    echo "setup: these packages are missing and only root can install them:$missing" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# A server that the package starts by itself would be in the way of the tests' own.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] ||
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing
