# make          builds build/customer360
# make run      installs what is missing, builds, starts the service with a sample base
# make run-production  as in production: PostgreSQL, Kafka, a registry, two instances, a load balancer
# make test     installs what is missing, runs every test; ends with "N passed, N failed"
# make tidy     layer direction, banned calls, sizes, format
# Variants: make BUILD=build-asan SANITIZE=address,undefined check
#
# Every src/**/foo.c is compiled; foo_test.c beside it becomes the program build/tests/.../foo_test.
# What only some parts need (embedding, fuzzing, benchmarks) is in mk/*.mk.

BUILD    ?= build
SANITIZE ?=
CC       ?= gcc
OPTIMISE ?= -O2 -g

CFLAGS_BASE := -std=gnu11 $(OPTIMISE) -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
               -Wpointer-arith -Wundef -Wvla -Werror -fno-strict-aliasing -fstack-protector-strong \
               -D_GNU_SOURCE -Isrc -I$(BUILD)/generated -include base/banned.h
LDFLAGS_BASE := -Wl,-z,relro,-z,now
LDLIBS_BASE  := -lidn2 -lunistring -lsqlite3 -lpq -lrdkafka -lcurl -lssl -lcrypto -lz -lpthread -lm
ifneq ($(SANITIZE),)
# gcc guesses the lengths of formats from what it optimised; at -O1 it guesses wrong. clang has no such guess.
LESSER_OPTIMISER := $(if $(findstring clang,$(CC)),,-Wno-format-truncation)
CFLAGS_BASE  += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all $(LESSER_OPTIMISER)
LDFLAGS_BASE += -fsanitize=$(SANITIZE)
# gcc loses track of what is initialised between the checks that it puts in.
CFLAGS_BASE  += $(if $(findstring clang,$(CC)),,-Wno-maybe-uninitialized)
else
CFLAGS_BASE  += -D_FORTIFY_SOURCE=2
endif

# One short line per file; `make V=1` shows the commands.
V   ?=
Q   := $(if $(V),,@)
SAY  = $(if $(V),,@printf '  %-5s %s\n' $(1) $@)

SOURCES   := $(shell find src -name '*.c' | LC_ALL=C sort)
TESTS_C   := $(filter %_test.c,$(SOURCES)) $(shell find tests/unit tests/contract tests/property -name '*_test.c' 2>/dev/null | LC_ALL=C sort)
SUPPORT_C := $(shell find tests/support -name '*.c' 2>/dev/null | LC_ALL=C sort)
LIBRARY_C := $(filter-out %_test.c src/service/main.c,$(SOURCES))
GENERATED_C :=
GENERATED_H :=
TEST_STEPS  := check tools-test tidy-report sanitize sanitize-threads fuzz-short

object     = $(addprefix $(BUILD)/objects/,$(addsuffix .o,$(basename $(1))))
LIBRARY   := $(BUILD)/libcustomer360.a
SUPPORT   := $(BUILD)/libsupport.a
TEST_BINS := $(addprefix $(BUILD)/tests/,$(basename $(TESTS_C)))

.DEFAULT_GOAL := all
.SECONDARY:
-include mk/*.mk

.PHONY: all run test check tidy clean setup format
all: $(BUILD)/customer360

$(BUILD)/customer360: $(call object,src/service/main.c) $(LIBRARY)
	$(call SAY,LINK)
	$(Q)$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $^ $(LDLIBS_BASE) $(LDLIBS)

$(LIBRARY): $(call object,$(LIBRARY_C)) $(patsubst %.c,%.o,$(GENERATED_C))
	@rm -f $@
	$(Q)ar qcs $@ $^

$(SUPPORT): $(call object,$(SUPPORT_C))
	@rm -f $@
	$(Q)ar qcs $@ $^

$(BUILD)/objects/%.o: %.c $(GENERATED_H) | $(BUILD)/.setup
	@mkdir -p $(@D)
	$(call SAY,CC)
	$(Q)$(CC) $(CFLAGS_BASE) $(CFLAGS) -Itests/support -MMD -MP -c $< -o $@

$(BUILD)/generated/%.o: $(BUILD)/generated/%.c
	$(call SAY,CC)
	$(Q)$(CC) $(CFLAGS_BASE) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/tests/%: $(BUILD)/objects/%.o $(SUPPORT) $(LIBRARY)
	@mkdir -p $(@D)
	$(call SAY,LINK)
	$(Q)$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $^ $(LDLIBS_BASE) -lcmocka $(LDLIBS)

# Installs what is missing, once per build tree; a no-op where everything is there.
$(BUILD)/.setup: tools/setup.sh
	@mkdir -p $(BUILD)
	tools/setup.sh build
	@touch $@

setup:
	tools/setup.sh all

# The unit, contract and property tests of this build tree (the sanitizer builds use it as well).
check: $(TEST_BINS)
	tools/run_tests.sh $(TEST_BINS)

format:
	clang-format -i $$(find src tests tools bench -name '*.[ch]')

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/objects $(BUILD)/generated -name '*.d' 2>/dev/null)
