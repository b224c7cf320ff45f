#!/bin/sh
# Writes TREE/schemas/openapi.json, TREE/schemas/asyncapi.json, TREE/schemas/avro/EVENT.avsc, and the tables of TREE/docs/api.md between "<!-- NAME begin -->" and
# "<!-- NAME end -->". Usage: describe_api.sh WRITE_API TREE
set -eu
write_api=$1
tree=$2

"$write_api" openapi >"$tree/schemas/openapi.json"
"$write_api" asyncapi >"$tree/schemas/asyncapi.json"
mkdir -p "$tree/schemas/avro"
"$write_api" schemas | while IFS="$(printf '\t')" read -r name schema; do
    printf '%s\n' "$schema" >"$tree/schemas/avro/$name.avsc"
done
for name in routes errors; do
    "$write_api" $name >"$tree/docs/$name.tmp"
    awk -v name="$name" -v table="$tree/docs/$name.tmp" '
        $0 == "<!-- " name " end -->" { inside = 0 }
        !inside { print }
        $0 == "<!-- " name " begin -->" {
            inside = 1
            while ((getline line < table) > 0) print line
        }' "$tree/docs/api.md" >"$tree/docs/api.tmp"
    mv "$tree/docs/api.tmp" "$tree/docs/api.md"
    rm "$tree/docs/$name.tmp"
done
