# build/bench_store measures the store port alone: see bench/bench_store.c.

$(BUILD)/bench_store: $(call object,bench/bench_store.c) $(LIBRARY)
	$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $^ $(LDLIBS_BASE) $(LDLIBS)
