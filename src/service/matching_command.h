/* What the commands that match files have in common: dedupe, link, train, evaluate. */
#ifndef SERVICE_MATCHING_COMMAND_H
#define SERVICE_MATCHING_COMMAND_H

#include <stdio.h>

#include "matching/bulk.h"
#include "service/command.h"
#include "service/progress.h"

/* The options every such command has, to begin its own list with. */
/* clang-format off */
#define MATCHING_COMMAND_OPTIONS \
    {STR("output"), STR("FILE"), STR("write the result to FILE, not to the terminal (-o)")}, \
    {STR("map"), STR("COLUMN=FIELD"), STR("what a column is; may be repeated. Fields: given-name, family-name, full-name, name, organisation, birth-date, email, phone, website, street, street-number, address, city, region, postcode, identifier:TYPE, gender, place, occupation, kind")}, \
    {STR("ignore"), STR("COLUMN"), STR("leave a column out; may be repeated")}, \
    {STR("id"), STR("COLUMN"), STR("the column with the rows' ids")}, \
    {STR("model"), STR("FILE"), STR("a model written by train, in place of the shipped one")}, \
    {STR("no-training"), STR_NONE, STR("take the model as it is, not adapted to the file")}, \
    {STR("threshold"), STR("PERCENT"), STR("probability from which rows are joined (50)")}, \
    {STR("memory"), STR("MB"), STR("the most memory to take; more is an error, not a crash")}, \
    {STR("threads"), STR("N"), STR("threads; the result does not depend on it")}, \
    {STR("quiet"), STR_NONE, STR("no progress")}, \
    {STR("json"), STR_NONE, STR("a summary as one JSON object on standard output")}
/* clang-format on */

struct matching_command {
    struct invocation *invocation;
    struct model_set models;
    struct bulk *bulk;
    size_t label_count; /* that it learns from */
    struct progress progress;
    FILE *output;
    bool output_is_file;
};

/* Reads the files, matches them, opens the output. matching_command_end() releases all, whatever
 * came before, and closes the output: a write that failed is STATUS_IO. */
enum status matching_command_begin(struct matching_command *command, struct invocation *invocation,
                                   bool link, struct error *error);
enum status matching_command_end(struct matching_command *command, enum status status,
                                 struct error *error);

/* A CSV field, quoted where it must be. */
void matching_command_field(FILE *out, struct str field);
/* The row with that id; -1 when there is none. */
int64_t matching_command_find(const struct matching_command *command, struct str id);
/* Rows, clusters, keys that were cut, seconds: for people on stderr, or as JSON on stdout. */
enum status matching_command_summary(const struct matching_command *command, struct error *error);
/* Writes a file whole. */
enum status matching_command_write_file(struct str path, const struct buffer *text,
                                        struct arena *arena, struct error *error);

#endif
