build-uc/objects/src/base/status.o: src/base/status.c src/base/status.h \
 src/base/arena.h src/base/str.h
src/base/status.h:
src/base/arena.h:
src/base/str.h:
