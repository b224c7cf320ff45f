build-address,undefined/objects/src/base/identifier.o: \
 src/base/identifier.c src/base/identifier.h src/base/arena.h \
 src/base/str.h src/base/environment.h src/base/instant.h
src/base/identifier.h:
src/base/arena.h:
src/base/str.h:
src/base/environment.h:
src/base/instant.h:
