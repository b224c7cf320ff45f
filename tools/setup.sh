#!/bin/sh
# Installs what a fresh Debian 12 lacks. `setup.sh build` is what the program needs to be built and
# run; `setup.sh all` adds what the tests and benchmarks need: packages of Debian, those of PyPI
# (tools/requirements.txt) in BUILD/venv, and servers that run as jars (tools/servers.sh) in
# BUILD/servers. Does nothing where all is there.
set -eu

build_packages="gcc make libc6-dev libsqlite3-dev libpq-dev libssl-dev zlib1g-dev libidn2-dev libunistring-dev
    librdkafka-dev libcurl4-openssl-dev"
test_packages="libcmocka-dev clang clang-format clang-tidy libclang-rt-14-dev python3 python3-venv python3-pytest python3-jsonschema
    postgresql-15 curl jq wrk nginx-light procps openssl dpkg-dev adduser groff-base systemd
    openjdk-17-jdk-headless maven libavro-dev"

wanted=$build_packages
[ "${1:-all}" = build ] || wanted="$wanted $test_packages"

install_packages() {
    missing=
    for package in $wanted; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $package"
    done
    # Node may be there from elsewhere than the package.
    [ "${1:-all}" = build ] || command -v npm >/dev/null 2>&1 || missing="$missing nodejs npm"
    [ -n "$missing" ] || return 0

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
}

# What cannot be had from PyPI is skipped by the tests that want it, which say so.
install_modules() {
    venv=${BUILD:-build}/venv
    wanted=$(cksum <tools/requirements.txt)
    [ "$(cat "$venv/.installed" 2>/dev/null)" != "$wanted" ] || return 0
    echo "setup: installing tools/requirements.txt into $venv" >&2
    python3 -m venv "$venv" && "$venv/bin/python3" -m pip install -q --disable-pip-version-check \
        -r tools/requirements.txt && echo "$wanted" >"$venv/.installed" ||
        echo "setup: not installed: $(grep -v '^#' tools/requirements.txt | tr '\n' ' ')" >&2
}

install_packages "${1:-all}"
[ "${1:-all}" = build ] || install_modules
[ "${1:-all}" = build ] || tools/servers.sh ||
    echo "setup: not installed: the servers of tests/servers/pom.xml" >&2
