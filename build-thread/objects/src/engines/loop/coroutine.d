build-thread/objects/src/engines/loop/coroutine.o: \
 src/engines/loop/coroutine.c src/engines/loop/coroutine.h \
 src/engines/loop/context.h src/base/str.h src/engines/loop/loop.h \
 src/base/status.h src/base/arena.h src/engines/loop/loop_internal.h \
 src/engines/loop/timers.h
src/engines/loop/coroutine.h:
src/engines/loop/context.h:
src/base/str.h:
src/engines/loop/loop.h:
src/base/status.h:
src/base/arena.h:
src/engines/loop/loop_internal.h:
src/engines/loop/timers.h:
