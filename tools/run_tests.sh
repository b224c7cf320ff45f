#!/bin/sh
# Runs test programs that speak TAP, shows what failed and how long each took, and ends with "N passed, N failed", and
# ", N skipped" when there are any. Each program has TEST_TIMEOUT seconds (default 600) and is started
# by TEST_PREFIX when that is set. Exit status 1 when anything failed.
set -u
passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for program in "$@"; do
    began=$(date +%s)
    CMOCKA_MESSAGE_OUTPUT=TAP timeout "${TEST_TIMEOUT:-600}" ${TEST_PREFIX:-} "$program" >"$log" 2>&1
    status=$?
    # cmocka writes "not ok 3 # SKIP name", TAP says "ok 3 - name # SKIP why".
    skip=$(grep -cE '^(not )?ok .*# SKIP' "$log")
    ok=$(grep -E '^ok ' "$log" | grep -cv '# SKIP')
    bad=$(grep -E '^not ok ' "$log" | grep -cv '# SKIP')
    # A crash or an exit without a test is a failure even if no line says so.
    [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
    [ "$((ok + bad + skip))" -gt 0 ] || bad=1
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
    if [ "$bad" -gt 0 ]; then
        echo "FAILED $program (exit $status)"
        cat "$log"
    else
        echo "ok     $program ($ok, $(($(date +%s) - began)) s)"
    fi
done
if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
