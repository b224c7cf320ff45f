#!/bin/sh
# Embeds the statements and migrations under sql/ as C: writes sql_statements.h and sql_statements.c
# into the directory given. See sql/README.md for the rules, engines/sql/sql.h for the types.
set -eu
out=$1
mkdir -p "$out"

fail() {
    echo "embed_sql: $1" >&2
    exit 1
}

# A file as a C string literal for one engine. SQLite numbers parameters written ?1.
literal() { # file engine
    awk -v engine="$2" '
        /^[ \t]*--/ { next }
        {
            gsub(/\\/, "\\\\"); gsub(/"/, "\\\"")
            if (engine == "sqlite") $0 = gensub_parameter($0)
            sub(/[ \t]+$/, "")
            if ($0 != "") lines[++count] = $0
        }
        function gensub_parameter(line,   result, at) {
            result = ""
            while ((at = match(line, /\$[0-9]/)) > 0) {
                result = result substr(line, 1, at - 1) "?"
                line = substr(line, at + 1)
            }
            return result line
        }
        END {
            for (i = 1; i <= count; i++)
                printf "%s\"%s%s\"", (i > 1 ? "\n        " : ""), lines[i], (i < count ? "\\n" : "")
        }' "$1"
}

text_or_none() { # file engine ending
    if [ -e "$1" ]; then
        printf 'STR('
        literal "$1" "$2"
        printf '%s)' "${3:-}"
    else
        printf '{NULL, 0}'
    fi
}

statement_files() {
    find sql -maxdepth 2 -name '*.sql' ! -path 'sql/migrations/*'
}

# "foo_lock foo_get lock" of every foo_get.sql that says "-- lock: foo_lock"; the same with "try".
locks=$(for file in $(statement_files | xargs grep -lE '^-- (lock|try): '); do
    sed -n "s/^-- \(lock\|try\): *\([a-z_]*\) *\$/\2 $(basename "$file" .sql) \1/p" "$file"
done | LC_ALL=C sort -u)

statements() {
    {
        statement_files | xargs -n1 basename | sed 's/\.sql$//'
        echo "$locks" | cut -d' ' -f1
    } | LC_ALL=C sort -u
}

# All migrations of an engine in the order of their numbers.
migrations() { # engine
    find sql/migrations -maxdepth 1 -name '*.sql' >"$out/migrations.list"
    find "sql/migrations/$1" -name '*.sql' >>"$out/migrations.list"
    awk -F/ '{ print $NF, $0 }' "$out/migrations.list" | LC_ALL=C sort
    rm -f "$out/migrations.list"
}

write_header() {
    cat <<'HEADER'
/* Generated from sql/ by tools/embed_sql.sh. */
#ifndef GENERATED_SQL_STATEMENTS_H
#define GENERATED_SQL_STATEMENTS_H

#include "engines/sql/sql.h"

HEADER
    index=0
    for name in $(statements); do
        symbol=$(echo "$name" | tr '[:lower:]' '[:upper:]')
        echo "#define SQL_$symbol (&sql_statements[$index])"
        index=$((index + 1))
    done
    cat <<HEADER

enum { SQL_STATEMENT_COUNT = $index };
extern const struct sql_statement sql_statements[SQL_STATEMENT_COUNT];

extern const struct sql_migration sql_migrations_sqlite[];
extern const size_t sql_migrations_sqlite_count;
extern const struct sql_migration sql_migrations_postgres[];
extern const size_t sql_migrations_postgres_count;

#endif
HEADER
}

write_statement() { # name index
    kind=$(echo "$locks" | sed -n "s/^$1 [^ ]* //p") lock=
    unlocked=$(echo "$locks" | sed -n "s/^$1 \([^ ]*\) .*/\1/p")
    [ "$kind" = try ] && skip=' skip locked' || skip=
    [ -z "$unlocked" ] || lock="\"\\n\"
        \"for update$skip\""
    base=${unlocked:-$1}
    common=sql/$base.sql sqlite=sql/sqlite/$base.sql postgres=sql/postgres/$base.sql
    if [ -e "$common" ]; then
        if [ -e "$sqlite" ] || [ -e "$postgres" ]; then
            fail "$common stands beside a file of one engine"
        fi
        sqlite=$common postgres=$common
    fi
    conflict= many=
    for file in "$sqlite" "$postgres"; do
        [ -e "$file" ] && conflict=$(sed -n 's/^-- conflict: *\([A-Z_]*\) *$/\1/p' "$file")
        [ -e "$file" ] && many=$(sed -n 's/^-- many: *\([a-z_]*\) *$/\1/p' "$file" | tr '[:lower:]' '[:upper:]')
    done
    [ -z "$unlocked" ] || many= # only what locks nothing is shared
    printf '    {.name = STR("%s"),\n     .sqlite = ' "$1"
    text_or_none "$sqlite" sqlite
    printf ',\n     .postgres = '
    text_or_none "$postgres" postgres "$lock"
    [ -z "$many" ] || printf ',\n     .many = SQL_%s' "$many"
    printf ',\n     .conflict = STATUS_%s,\n     .index = %d},\n' "${conflict:-WRITE_CONFLICT}" "$2"
}

write_migrations() { # engine
    echo "const struct sql_migration sql_migrations_$1[] = {"
    count=0
    for file in $(migrations "$1" | cut -d' ' -f2); do
        base=$(basename "$file" .sql)
        number=$(echo "${base%%_*}" | sed 's/^0*//')
        printf '    {.number = %d, .name = STR("%s"), .text = STR(' "$number" "${base#*_}"
        literal "$file" none
        printf ')},\n'
        count=$((count + 1))
    done
    echo "};"
    echo "const size_t sql_migrations_$1_count = $count;"
}

write_source() {
    echo '/* Generated from sql/ by tools/embed_sql.sh. */'
    echo '#include "sql_statements.h"'
    echo
    echo '#undef STR'
    echo '#define STR(literal) {"" literal, sizeof(literal) - 1}'
    echo
    echo 'const struct sql_statement sql_statements[SQL_STATEMENT_COUNT] = {'
    index=0
    for name in $(statements); do
        write_statement "$name" "$index"
        index=$((index + 1))
    done
    echo '};'
    echo
    write_migrations sqlite
    echo
    write_migrations postgres
}

write_header >"$out/sql_statements.h.new"
write_source >"$out/sql_statements.c.new"
mv "$out/sql_statements.h.new" "$out/sql_statements.h"
mv "$out/sql_statements.c.new" "$out/sql_statements.c"
