build-address,undefined/objects/src/base/hash.o: src/base/hash.c \
 src/base/hash.h src/base/str.h
src/base/hash.h:
src/base/str.h:
