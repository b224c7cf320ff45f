build-thread/objects/src/engines/loop/loop.o: src/engines/loop/loop.c \
 src/engines/loop/loop.h src/base/status.h src/base/arena.h \
 src/base/str.h src/engines/loop/loop_internal.h \
 src/engines/loop/coroutine.h src/engines/loop/context.h \
 src/engines/loop/timers.h
src/engines/loop/loop.h:
src/base/status.h:
src/base/arena.h:
src/base/str.h:
src/engines/loop/loop_internal.h:
src/engines/loop/coroutine.h:
src/engines/loop/context.h:
src/engines/loop/timers.h:
