build-uc/objects/src/base/instant.o: src/base/instant.c \
 src/base/instant.h src/base/str.h
src/base/instant.h:
src/base/str.h:
