build-uc/objects/src/engines/loop/loop_test.o: \
 src/engines/loop/loop_test.c src/engines/loop/context.h src/base/str.h \
 src/engines/loop/loop.h src/base/status.h src/base/arena.h \
 src/engines/loop/timers.h
src/engines/loop/context.h:
src/base/str.h:
src/engines/loop/loop.h:
src/base/status.h:
src/base/arena.h:
src/engines/loop/timers.h:
