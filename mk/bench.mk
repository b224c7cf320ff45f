# The benchmarks behind the figures in docs/performance.md, each with its bar. `make bench` runs the short ones (about a
# quarter of an hour), `make bench-long` those with millions of customers (hours, 20 GB of disk).

.PHONY: bench bench-long
bench bench-long: all $(BUILD)/bench_load
	bench/bars.py $(if $(filter bench-long,$@),long,short)

# Asks at a given rate: bench/bench_load.c says how.
$(BUILD)/bench_load: bench/bench_load.c
	$(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -o $@ $< -lm

# The store port alone, without HTTP: built by name, as `make build/bench_store`.
$(BUILD)/bench_store: $(call object,bench/bench_store.c) $(LIBRARY)
	$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $^ $(LDLIBS_BASE) $(LDLIBS)

$(BUILD)/bench_postgres: $(call object,bench/bench_postgres.c) $(SUPPORT) $(LIBRARY)
	$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $^ $(LDLIBS_BASE) -lcmocka $(LDLIBS)
