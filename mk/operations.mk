# What an operator does, and what befalls him (tests/operations).
# make operating-tables    writes the tables of docs/operating.md anew: metrics and codes
TEST_STEPS += backup reload doctor documents harsh harsh_postgres overload searching instances production failover replicas

.PHONY: backup reload doctor documents harsh harsh_postgres overload searching instances production failover replicas
backup reload doctor documents harsh_postgres searching instances production failover replicas: $(BUILD)/customer360
	tests/operations/$@.py --binary $(BUILD)/customer360

harsh overload: $(BUILD)/customer360 $(BUILD)/operations/preload.so
	tests/operations/$@.py --binary $(BUILD)/customer360 --preload $(BUILD)/operations/preload.so

$(BUILD)/operations/preload.so: tests/operations/preload.c
	@mkdir -p $(@D)
	$(CC) -shared -fPIC -O2 -Wall -o $@ $<

.PHONY: operating-tables
operating-tables: $(BUILD)/customer360
	tests/operations/documents.py --binary $(BUILD)/customer360 --write
