build-address,undefined/objects/src/engines/loop/context.o: \
 src/engines/loop/context.c src/engines/loop/context.h src/base/str.h
src/engines/loop/context.h:
src/base/str.h:
