# Fuzzing with libFuzzer, under the address and undefined behaviour sanitizers.
#
#   make fuzz-short                           every target for FUZZ_SECONDS (4) seconds
#   make fuzz TARGET=json SECONDS=3600        one target for long
#
# A target is a file tests/fuzz/NAME_fuzz.c; see tests/fuzz/fuzz.h. The build tree is of its own,
# with clang; what fuzz-short found before is where the next run of it begins.

FUZZ_SECONDS ?= 4
FUZZ_BUILD   ?= $(BUILD)/fuzz
FUZZ_NAMES   := $(patsubst tests/fuzz/%_fuzz.c,%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))
FUZZ_MAKE     = $(MAKE) BUILD=$(FUZZ_BUILD) CC=clang SANITIZE=address,undefined OPTIMISE="-O1 -g1" \
                CFLAGS="-fsanitize=fuzzer-no-link -Wno-missing-field-initializers"

.PHONY: fuzz fuzz-short fuzz-programs
fuzz-programs: $(FUZZ_NAMES:%=$(BUILD)/programs/%_fuzz)

$(BUILD)/programs/%_fuzz: $(BUILD)/objects/tests/fuzz/%_fuzz.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_BASE) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LDLIBS_BASE) $(LDLIBS)

fuzz-short:
	tools/setup.sh all
	+$(FUZZ_MAKE) fuzz-programs
	tools/run_fuzz.sh $(FUZZ_SECONDS) $(FUZZ_NAMES:%=$(FUZZ_BUILD)/programs/%_fuzz)

fuzz:
	tools/setup.sh all
	+$(FUZZ_MAKE) $(FUZZ_BUILD)/programs/$(TARGET)_fuzz
	tools/run_fuzz.sh $(or $(SECONDS),600) $(FUZZ_BUILD)/programs/$(TARGET)_fuzz
