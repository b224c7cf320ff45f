build-address,undefined/objects/src/base/buffer.o: src/base/buffer.c \
 src/base/buffer.h src/base/arena.h src/base/str.h
src/base/buffer.h:
src/base/arena.h:
src/base/str.h:
