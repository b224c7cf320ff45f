# The lines held by tools: see tools/tidy.py. TIDY_FLAGS= (empty) lets pass what nothing uses yet.

TIDY_FLAGS ?= --strict
TIDY_RUN    = tools/tidy.py --build $(BUILD) $(TIDY_FLAGS) $(1) -- \
              -std=gnu11 -D_GNU_SOURCE -Isrc -Itests/support -I$(BUILD)/generated

tidy: $(TEST_BINS) $(BUILD)/customer360
	tools/setup.sh all
	$(call TIDY_RUN)
