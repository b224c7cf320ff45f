/* Calls that have no bounded or no thread-safe form, and so are not made in this tree. The compiler
 * is told to include this file before any other, so that using one of them is an error.
 *
 * Instead: struct str, struct buffer and arena_format() for text, str_to_int64() for numbers,
 * str_split() for parts, arenas for memory, posix_spawn() for processes.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

/* The headers that declare them come first. */
#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#undef alloca
#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok
#pragma GCC poison scanf fscanf sscanf vscanf vfscanf vsscanf
#pragma GCC poison atoi atol atoll system popen alloca

#endif
