# build/bench_postgres measures the store port on PostgreSQL alone: see bench/bench_postgres.c.

$(BUILD)/bench_postgres: $(call object,bench/bench_postgres.c) $(SUPPORT) $(LIBRARY)
	$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $^ $(LDLIBS_BASE) -lcmocka $(LDLIBS)
