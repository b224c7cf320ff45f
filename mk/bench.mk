# The benchmarks behind the figures in docs/performance.md. `make bench` runs the short ones (about ten
# minutes); each prints JSON lines and, last, the ratio.

.PHONY: bench bench-long
bench: all $(BUILD)/bench_load
	bench/run.py start
	bench/run.py publish --rounds 3 --seconds 5
	bench/run.py webhooks
	bench/run.py webhooks --store postgres
	bench/run.py consume --store postgres --rounds 1
	bench/run.py background --rounds 1 --seconds 5
	bench/run.py traces --seconds 2
	bench/run.py connections
	bench/run.py history
	bench/run.py history --store postgres
	bench/run.py instances --seconds 4
	bench/run.py overload --seconds 10
	bench/run.py import --profiles 200000
	bench/run.py upsert --profiles 100000
	bench/run.py upsert --store postgres --profiles 20000
	bench/run.py match --rounds 3 --seconds 5
	bench/run.py create --rounds 3 --seconds 5
	bench/run.py create --store postgres --rounds 3 --seconds 5
	bench/run.py lookup --profiles 200000 --rounds 3 --seconds 5
	bench/run.py lookup --store postgres --profiles 200000 --rounds 3 --seconds 5

bench-long: all
	bench/run.py lookup --profiles 1000000
	bench/run.py lookup --store postgres --profiles 1000000
	bench/run.py flat
	bench/run.py create --profiles 1000000

# Asks at a given rate: bench/bench_load.c says how.
$(BUILD)/bench_load: bench/bench_load.c
	$(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -o $@ $< -lm

# The store port alone, without HTTP: built by name, as `make build/bench_store`.
$(BUILD)/bench_store: $(call object,bench/bench_store.c) $(LIBRARY)
	$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $^ $(LDLIBS_BASE) $(LDLIBS)

$(BUILD)/bench_postgres: $(call object,bench/bench_postgres.c) $(SUPPORT) $(LIBRARY)
	$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $^ $(LDLIBS_BASE) -lcmocka $(LDLIBS)
