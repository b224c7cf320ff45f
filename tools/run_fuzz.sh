#!/bin/sh
# Usage: run_fuzz.sh SECONDS PROGRAM...
# Runs fuzz targets (build/.../NAME_fuzz) for so many seconds each, from the seeds in
# tests/fuzz/corpus/NAME and what earlier runs of this build tree found. Speaks TAP. The input that
# broke a target is kept, and named.
set -u
seconds=$1
shift
number=0 failed=0
for program in "$@"; do
    name=$(basename "$program" _fuzz)
    work=$(dirname "$program")/corpus/$name
    seeds=tests/fuzz/corpus/$name
    mkdir -p "$work" "$(dirname "$program")/broken"
    set -- -max_total_time="$seconds" -seed=1 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$(dirname "$program")/broken/$name-"
    [ -f "tests/fuzz/$name.dict" ] && set -- "$@" -dict="tests/fuzz/$name.dict"
    set -- "$@" "$work"
    [ -d "$seeds" ] && set -- "$@" "$seeds"
    number=$((number + 1))
    if "$program" "$@" >"$work.log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work.log")
        echo "ok $number - fuzz $name: $runs inputs in $seconds s"
    else
        failed=$((failed + 1))
        echo "not ok $number - fuzz $name"
        tail -40 "$work.log" | sed 's/^/# /'
    fi
done
[ "$failed" -eq 0 ]
