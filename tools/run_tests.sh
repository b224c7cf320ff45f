#!/bin/sh
# Runs test programs that speak TAP, shows what failed, and ends with "N passed, N failed".
# Each program has TEST_TIMEOUT seconds (default 600). Exit status 1 when anything failed.
set -u
passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for program in "$@"; do
    CMOCKA_MESSAGE_OUTPUT=TAP timeout "${TEST_TIMEOUT:-600}" "$program" >"$log" 2>&1
    status=$?
    ok=$(grep -c '^ok ' "$log")
    bad=$(grep -c '^not ok ' "$log")
    # A crash or an exit without a test is a failure even if no line says so.
    [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
    [ "$((ok + bad))" -gt 0 ] || bad=1
    passed=$((passed + ok)) failed=$((failed + bad))
    if [ "$bad" -gt 0 ]; then
        echo "FAILED $program (exit $status)"
        cat "$log"
    else
        echo "ok     $program ($ok)"
        grep '^# SKIPPED' "$log"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
