# make test: every step in TEST_STEPS, each a make target (tools/run_steps.py says how it reports).
# A part that has tests of its own kind adds to it in its mk file: TEST_STEPS += scenario

.PHONY: sanitize tidy-report tools-test
test:
	@tools/setup.sh all
	@tools/run_steps.py --build $(BUILD) --make "$(MAKE)" $(TEST_STEPS)

# The whole suite under the address and undefined behaviour sanitizers.
sanitize:
	+$(MAKE) BUILD=$(BUILD)/asan SANITIZE=address,undefined OPTIMISE="-O1 -g" check

tools-test:
	tools/run_tests.sh tools/tidy_test.py tools/run_steps_test.py

tidy-report: $(TEST_BINS) $(BUILD)/customer360
	$(call TIDY_RUN,--tap)
