build-uc/objects/src/base/environment.o: src/base/environment.c \
 src/base/environment.h src/base/instant.h src/base/str.h
src/base/environment.h:
src/base/instant.h:
src/base/str.h:
