# Whole-service scenarios and every answer of every route (tests/scenario), the same on each store, and
# runs that kill the service and its database (tests/fault). FAULT_CYCLES is short in `make test`; make faults-long
# (mk/faults.mk) for long.

FAULT_CYCLES ?= 200
TEST_STEPS   += scenario-memory scenario-sqlite codes-sqlite codes-postgres \
                erasure-sqlite erasure-postgres fault-checker fault-starting fault-sqlite fault-postgres

# Each answer that /openapi.json declares, and no other.
.PHONY: codes codes-sqlite codes-postgres
codes: codes-sqlite codes-postgres
codes-sqlite codes-postgres: codes-%: $(BUILD)/customer360
	tests/scenario/codes.py --store $* --binary $(BUILD)/customer360

# Nothing of an erased customer is in any table.
.PHONY: erasure-sqlite erasure-postgres
erasure-sqlite erasure-postgres: erasure-%: $(BUILD)/customer360
	tests/scenario/erasure.py --store $* --binary $(BUILD)/customer360

.PHONY: scenario scenario-memory scenario-sqlite scenario-postgres fault fault-checker fault-sqlite \
        fault-postgres fault-starting fault-binary
scenario: scenario-memory scenario-sqlite scenario-postgres
scenario-memory scenario-sqlite scenario-postgres: scenario-%: $(BUILD)/customer360
	tests/scenario/run.py --store $* --binary $(BUILD)/customer360

# The same program with the named points of base/fault.h in it: what has points is compiled again, the rest is that of $(BUILD).
FAULT_C := $(shell grep -rl --include='*.c' --exclude='*_test.c' 'base/fault\.h' src | LC_ALL=C sort)

$(BUILD)/fault/objects/%.o: %.c $(GENERATED_H) | $(BUILD)/.setup
	@mkdir -p $(@D)
	$(call SAY,CC)
	$(Q)$(CC) $(CFLAGS_BASE) $(CFLAGS) -DFAULT_POINTS -MMD -MP -c $< -o $@

$(BUILD)/fault/customer360: $(FAULT_C:%.c=$(BUILD)/fault/objects/%.o) $(call object,src/service/main.c) $(LIBRARY)
	$(call SAY,LINK)
	$(Q)$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $^ $(LDLIBS_BASE) $(LDLIBS)

fault-binary: $(BUILD)/fault/customer360
-include $(FAULT_C:%.c=$(BUILD)/fault/objects/%.d)

fault: fault-checker fault-starting fault-sqlite fault-postgres
fault-starting: fault-binary
	tests/fault/starting.py --binary $(BUILD)/fault/customer360
fault-checker:
	tests/fault/run.py --self-test
fault-sqlite fault-postgres: fault-%: fault-binary
	tests/fault/run.py --store $* --cycles $(FAULT_CYCLES) --binary $(BUILD)/fault/customer360
