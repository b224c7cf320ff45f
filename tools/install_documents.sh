#!/bin/sh
# install_documents.sh FOLDER: the documents as they are read without the sources: README.md beside those of docs/, with
# the decisions and schemas that they lead to; what leads to a source stays as its words.
set -eu
folder=$1
install -d "$folder/decisions" "$folder/schemas/avro"
install -m 0644 schemas/*.json "$folder/schemas/"
install -m 0644 schemas/avro/* "$folder/schemas/avro/"
for document in README.md docs/*.md docs/decisions/*.md; do
    sed -E -e 's#\]\(docs/#](#g' -e 's#\]\((\.\./)+schemas#](schemas#g' \
        -e 's#\[([^]]*)\]\((\.\./)+(src|tests|bench|tools|mk|sql|packaging)/[^)]*\)#\1#g' "$document" >"$folder/${document#docs/}"
    chmod 0644 "$folder/${document#docs/}"
done
