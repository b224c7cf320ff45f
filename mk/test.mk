# make test: every step in TEST_STEPS, each a make target (tools/run_steps.py says how it reports).
# A part that has tests of its own kind adds to it in its mk file: TEST_STEPS += scenario
# Two steps run at a time, in this order: first what all of them need is built, so that none builds it beside
# another; then the longest, beside each other those that compute and those that wait for servers. What
# TEST_ALONE names has no other step beside it: it changes this machine, or all others want what it builds. What
# TEST_LIGHT names waits for others half of its time or more, and runs beside the two, one after the other: together they
# take about as long as the rest does, so that no processor is idle.
# On failure make adds a line of its own on stderr behind the totals; .ci/run ends with the totals.

TEST_TOGETHER ?= 2
TEST_LONG  := sanitize fault-postgres check sanitize-threads fuzz-short tidy-report fault-sqlite
TEST_ALONE := test-build package-test
TEST_LIGHT := fault-sqlite webhooks-sqlite webhooks-postgres kafka-consume-fault-sqlite failover harsh http-corner-cases \
              webhooks-fault-sqlite replicas production kafka-publish kafka-consume instances overload searching
TEST_ORDER  = test-build $(TEST_LONG) $(filter-out $(TEST_LONG) $(TEST_ALONE),$(TEST_STEPS)) package-test

.PHONY: test-build sanitize sanitize-threads tidy-report tools-test
test:
	@BUILD=$(BUILD) tools/setup.sh all
	@tools/run_steps.py --build $(BUILD) --make "$(MAKE)" --together $(TEST_TOGETHER) \
	    $(TEST_ALONE:%=--alone %) $(TEST_LIGHT:%=--light %) $(TEST_ORDER)

# Everything in the tree of BUILD that a step wants, and the tree that two steps share.
test-build: all $(TEST_BINS) $(WRITE_API) $(BUILD)/operations/preload.so $(BUILD)/programs/matching_similarity \
            $(MATCHING_VENV)/bin/python fault-binary $(BUILD)/fault/unguarded.so

# gcc 12's sanitizers want their memory where much address randomisation may have put something else.
PLAIN_ADDRESSES := $(shell setarch -R true 2>/dev/null && echo "setarch -R")
SANITIZE_MAKE    = TEST_PREFIX="$(PLAIN_ADDRESSES)" $(MAKE) OPTIMISE="-O1 -g1"

# The whole suite under the address and undefined behaviour sanitizers, and the whole service, with its scenarios.
sanitize:
	+$(SANITIZE_MAKE) BUILD=$(BUILD)/asan SANITIZE=address,undefined all check
	$(PLAIN_ADDRESSES) tests/scenario/run.py --store postgres --binary $(BUILD)/asan/customer360

# What has threads, under the thread sanitizer.
THREADED_TESTS := $(filter src/engines/% src/adapters/% src/application/% tests/contract/%,$(TESTS_C))
sanitize-threads:
	+$(SANITIZE_MAKE) BUILD=$(BUILD)/tsan SANITIZE=thread TESTS_C="$(THREADED_TESTS)" check

tools-test:
	tools/run_tests.sh tools/tidy_test.py tools/run_steps_test.py

tidy-report: $(TEST_BINS) $(BUILD)/customer360
	$(call TIDY_RUN,--tap)
