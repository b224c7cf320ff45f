build-thread/objects/src/engines/loop/timers.o: src/engines/loop/timers.c \
 src/engines/loop/timers.h src/engines/loop/loop.h src/base/status.h \
 src/base/arena.h src/base/str.h
src/engines/loop/timers.h:
src/engines/loop/loop.h:
src/base/status.h:
src/base/arena.h:
src/base/str.h:
