#!/bin/sh
# Embeds files as they are: writes console_files.h and console_files.c into the directory given, with
# one row per file, named without its folder.
set -eu
out=$1
shift
mkdir -p "$out"

cat >"$out/console_files.h" <<'HEADER'
/* Made by tools/embed_files.sh. */
#ifndef CONSOLE_FILES_H
#define CONSOLE_FILES_H

#include "base/str.h"

struct console_file {
    struct str name;
    const unsigned char *bytes;
    size_t size;
};
extern const struct console_file console_files[];
extern const size_t console_file_count;

#endif
HEADER

{
    echo '/* Made by tools/embed_files.sh. */'
    echo '#include "console_files.h"'
    number=0
    for file in "$@"; do
        echo "static const unsigned char file_$number[] = {"
        od -An -v -tx1 "$file" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
        echo "};"
        number=$((number + 1))
    done
    echo "const struct console_file console_files[] = {"
    number=0
    for file in "$@"; do
        echo "    {STR(\"$(basename "$file")\"), file_$number, sizeof(file_$number)},"
        number=$((number + 1))
    done
    echo "};"
    echo "const size_t console_file_count = $number;"
} >"$out/console_files.c"
