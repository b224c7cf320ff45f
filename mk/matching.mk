# The matching engine: its benchmark against Splink, its accuracy on labelled data, and the
# comparison of its string similarities with RapidFuzz.
#
#   make bench-matching           100,000 persons against Splink, the labelled sets (a few minutes)
#   make bench-matching-long      a million against Splink, then 5 and 20 million alone
#   make matching-accuracy        the labelled sets only, each held to its bar
#   make matching-similarity      every string comparison against RapidFuzz
#
# The labelled sets are looked for in MATCHING_DATA (docs/matching.md says where they are to be had),
# the script that runs Splink is MATCHING_PEER; Splink and RapidFuzz are installed from PyPI into
# $(BUILD)/venv. What is not there is skipped with a line that says so, and what to get.

MATCHING_DATA  ?= ../shared/data/er
MATCHING_PEER  ?= ../shared/peers/splink_run.py
MATCHING_VENV  := $(BUILD)/venv

.PHONY: bench-matching bench-matching-long matching-accuracy matching-similarity
TEST_STEPS += matching-accuracy matching-similarity

# The inner loops of the engine are worth the stronger optimisation.
ifeq ($(SANITIZE),)
$(BUILD)/objects/src/matching/%.o $(BUILD)/objects/src/text/%.o $(BUILD)/objects/src/search/%.o: OPTIMISE := $(subst -O2,-O3,$(OPTIMISE))
endif

$(BUILD)/programs/matching_generate: $(call object,bench/matching/generate.c) \
                                     $(call object,bench/matching/generate_data.c)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $^

# What one record costs while it is written: $(BUILD)/programs/matching_write_time FILE.csv
$(BUILD)/programs/matching_write_time: $(call object,bench/matching/write_time.c) $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $^ $(LDLIBS_BASE) $(LDLIBS)

$(BUILD)/programs/matching_similarity: $(call object,tests/matching_similarity.c) $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $^ $(LDLIBS_BASE) $(LDLIBS)

$(MATCHING_VENV)/bin/python:
	python3 -m venv $(MATCHING_VENV) || echo "matching: no virtual environment can be made" >&2

bench-matching: all $(BUILD)/programs/matching_generate $(MATCHING_VENV)/bin/python
	bench/matching/run.py --build $(BUILD) --data $(MATCHING_DATA) --peer $(MATCHING_PEER) \
	    --persons 100000

bench-matching-long: all $(BUILD)/programs/matching_generate $(MATCHING_VENV)/bin/python
	bench/matching/run.py --build $(BUILD) --data $(MATCHING_DATA) --peer $(MATCHING_PEER) \
	    --persons 1000000 --alone 5000000 --alone 20000000

matching-accuracy: all
	MATCHING_BUILD=$(BUILD) MATCHING_DATA=$(MATCHING_DATA) tools/run_tests.sh tests/matching_accuracy.py

matching-similarity: $(BUILD)/programs/matching_similarity $(MATCHING_VENV)/bin/python
	MATCHING_BUILD=$(BUILD) tools/run_tests.sh tests/matching_similarity.py
