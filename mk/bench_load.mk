# build/bench_load asks at a given rate: see bench/bench_load.c.

$(BUILD)/bench_load: bench/bench_load.c
	$(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -o $@ $< -lm
