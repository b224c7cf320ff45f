/* Parameters out, rows and failures back.
 *
 * Text parameters and text arrays travel in the binary format: they are their bytes, so nothing is
 * quoted and nothing needs a terminating NUL. Integers travel as text, so that the server may take
 * them for any integer type. */
#include "engines/sql/postgres_internal.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARAMS_MAX = 40, TEXT_OID = 25, INT8_OID = 20, NAME_MAX_BYTES = 24 };

/* --- out --- */

struct encoded {
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX];
    int formats[PARAMS_MAX];
    char integers[PARAMS_MAX][24];
    char *arrays[PARAMS_MAX]; /* freed after sending */
};

static char *put_int32(char *at, int32_t value)
{
    uint32_t big_endian = htonl((uint32_t)value);
    memcpy(at, &big_endian, sizeof(big_endian));
    return at + sizeof(big_endian);
}

/* array_recv's form: dimensions, has-nulls, element type, then per dimension length and lower
 * bound, then per element length (-1: NULL) and bytes. */
static char *put_array_head(char *at, int32_t element_type, size_t count)
{
    at = put_int32(at, count ? 1 : 0);
    at = put_int32(at, 1);
    at = put_int32(at, element_type);
    if (count == 0) return at;
    at = put_int32(at, (int32_t)count);
    return put_int32(at, 1);
}

static char *encode_texts(const struct str *array, size_t count, int *length)
{
    size_t size = 5 * sizeof(int32_t) + count * sizeof(int32_t);
    for (size_t i = 0; i < count; i++) size += array[i].len;
    if (size > INT32_MAX) return NULL;
    char *bytes = malloc(size), *at = bytes;
    if (!bytes) return NULL;
    at = put_array_head(at, TEXT_OID, count);
    for (size_t i = 0; i < count; i++) {
        at = put_int32(at, str_is_none(array[i]) ? -1 : (int32_t)array[i].len);
        if (array[i].len) memcpy(at, array[i].ptr, array[i].len);
        at += array[i].len;
    }
    *length = (int)(at - bytes);
    return bytes;
}

static char *encode_integers(const int64_t *array, size_t count, int *length)
{
    size_t size = 5 * sizeof(int32_t) + count * (sizeof(int32_t) + sizeof(int64_t));
    if (size > INT32_MAX) return NULL;
    char *bytes = malloc(size), *at = bytes;
    if (!bytes) return NULL;
    at = put_array_head(at, INT8_OID, count);
    for (size_t i = 0; i < count; i++) {
        at = put_int32(at, array[i] == INT64_MIN ? -1 : (int32_t)sizeof(int64_t));
        if (array[i] == INT64_MIN) continue;
        at = put_int32(at, (int32_t)(array[i] >> 32));
        at = put_int32(at, (int32_t)(uint32_t)array[i]);
    }
    *length = (int)(at - bytes);
    return bytes;
}

static bool encode_one(struct encoded *out, size_t i, const struct sql_value *value)
{
    switch (value->type) {
    case SQL_NULL:
        return true;
    case SQL_INT64:
        snprintf(out->integers[i], sizeof(out->integers[i]), "%" PRId64, value->integer);
        out->values[i] = out->integers[i];
        return true;
    case SQL_TEXT:
    case SQL_BYTES:
        if (value->text.len > INT32_MAX) return false;
        out->values[i] = value->text.ptr ? value->text.ptr : "";
        out->lengths[i] = (int)value->text.len;
        out->formats[i] = 1;
        return true;
    case SQL_TEXT_ARRAY:
    case SQL_INT64_ARRAY:
        out->arrays[i] =
            value->type == SQL_TEXT_ARRAY
                ? encode_texts(value->array, value->array_count, &out->lengths[i])
                : encode_integers(value->integers, value->array_count, &out->lengths[i]);
        out->values[i] = out->arrays[i];
        out->formats[i] = 1;
        return out->arrays[i] != NULL;
    }
    return false;
}

static bool remember_prepared(struct postgres_connection *connection, size_t index)
{
    if (index >= connection->prepared_count) {
        size_t count = index + 64;
        unsigned char *prepared = realloc(connection->prepared, count);
        if (!prepared) return false;
        memset(prepared + connection->prepared_count, 0, count - connection->prepared_count);
        connection->prepared = prepared;
        connection->prepared_count = count;
    }
    connection->prepared[index] = 1;
    return true;
}

static bool prepare(struct postgres_connection *connection, const struct sql_statement *statement,
                    const char *name)
{
    if (statement->index < connection->prepared_count && connection->prepared[statement->index])
        return true;
    /* The text is a literal of the program, so NUL-terminated. */
    return remember_prepared(connection, statement->index) &&
           PQsendPrepare(connection->libpq, name, statement->postgres.ptr, 0, NULL) &&
           postgres_connection_expect(connection, POSTGRES_PREPARE, statement, NULL);
}

bool postgres_send_statement(struct postgres_connection *connection,
                             const struct sql_statement *statement, const struct sql_value *params,
                             size_t count, void *owner)
{
    struct encoded encoded;
    if (count > PARAMS_MAX) return false;
    memset(encoded.values, 0, sizeof(encoded.values));
    memset(encoded.formats, 0, sizeof(encoded.formats));
    memset(encoded.arrays, 0, sizeof(encoded.arrays));
    bool sent = true;
    for (size_t i = 0; i < count && sent; i++) sent = encode_one(&encoded, i, &params[i]);
    char name[NAME_MAX_BYTES];
    snprintf(name, sizeof(name), "s%zu", statement->index);
    sent = sent && prepare(connection, statement, name) &&
           PQsendQueryPrepared(connection->libpq, name, (int)count, encoded.values, encoded.lengths,
                               encoded.formats, 0) &&
           postgres_connection_expect(connection, POSTGRES_STATEMENT, statement, owner);
    for (size_t i = 0; i < count; i++) free(encoded.arrays[i]);
    return sent;
}

/* --- back --- */

static bool is_of(const PGresult *result, int row, struct str key)
{
    return str_is_none(key) ||
           str_equal(str_of(PQgetvalue(result, row, 0), (size_t)PQgetlength(result, row, 0)), key);
}

static void copy_row(const PGresult *result, int row, struct str *cells, char **text)
{
    for (int j = 0; j < PQnfields(result); j++) {
        if (PQgetisnull(result, row, j)) continue;
        size_t length = (size_t)PQgetlength(result, row, j);
        memcpy(*text, PQgetvalue(result, row, j), length + 1);
        cells[j] = str_of(*text, length);
        *text += length + 1;
    }
}

enum status postgres_rows(const PGresult *result, struct str key, struct arena *arena,
                          struct sql_rows *rows)
{
    int all = PQntuples(result);
    *rows = (struct sql_rows){.column_count = (size_t)PQnfields(result)};
    int64_t affected;
    if (str_to_int64(str_from_cstr(PQcmdTuples((PGresult *)result)), &affected))
        rows->affected = affected;
    size_t bytes = 0;
    for (int i = 0; i < all; i++) {
        if (!is_of(result, i, key)) continue;
        rows->row_count++;
        for (int j = 0; j < PQnfields(result); j++) bytes += (size_t)PQgetlength(result, i, j) + 1;
    }
    if (rows->row_count == 0) return STATUS_OK;
    rows->cells = ARENA_NEW_ARRAY(arena, struct str, rows->row_count * rows->column_count);
    char *text = arena_alloc(arena, bytes);
    if (!rows->cells || !text) return STATUS_OUT_OF_MEMORY;
    struct str *cells = rows->cells;
    for (int i = 0; i < all; i++) {
        if (!is_of(result, i, key)) continue;
        copy_row(result, i, cells, &text);
        cells += rows->column_count;
    }
    return STATUS_OK;
}

/* PostgreSQL's Appendix A; a code of two characters stands for its class. The primary message of a
 * code that `is_told` has no data of a customer in it. */
static const struct {
    char code[6];
    enum status status;
    bool is_told;
} failures[] = {
    {"40001", STATUS_WRITE_CONFLICT, false}, /* serialisation failure */
    {"40P01", STATUS_WRITE_CONFLICT, false}, /* deadlock */
    {"55P03", STATUS_WRITE_CONFLICT, false}, /* lock not available */
    {"26000", STATUS_WRITE_CONFLICT, false}, /* a prepared statement is gone: again, prepared anew
                                              */
    {"0A000", STATUS_WRITE_CONFLICT, false}, /* cached plan of a changed table: the same */
    {"53100", STATUS_STORE_FULL, true},      {"53", STATUS_UNAVAILABLE, true},
    {"57", STATUS_UNAVAILABLE, true},        {"08", STATUS_UNAVAILABLE, true},
    {"25006", STATUS_UNAVAILABLE, true}, /* the server became a replica */
    {"58", STATUS_UNAVAILABLE, true},        {"XX001", STATUS_STORE_CORRUPT, false},
    {"XX002", STATUS_STORE_CORRUPT, false},  {"42P01", STATUS_SCHEMA_MISMATCH, true},
    {"42703", STATUS_SCHEMA_MISMATCH, true}, {"42883", STATUS_SCHEMA_MISMATCH, true},
    {"42501", STATUS_SCHEMA_MISMATCH, true}, /* a right is missing, or row-level security refused */
    {"22021", STATUS_INVALID_VALUE, false},  /* not UTF-8, or a NUL */
    {"22P05", STATUS_INVALID_VALUE, false},  {"42", STATUS_INTERNAL, true},
};

const char *postgres_sqlstate(const PGresult *result)
{
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    return code ? code : "";
}

enum status postgres_is_behind(struct error *error)
{
    return error_set(error, STATUS_UNAVAILABLE, STR_NONE, STR_NONE,
                     "the replica is not as far as what was asked for");
}

enum status postgres_failure(const PGresult *result, const struct sql_statement *statement,
                             struct error *error)
{
    const char *code = postgres_sqlstate(result);
    struct str name = statement ? statement->name : STR("a control statement");
    if (statement && strcmp(code, "23505") == 0) return error_plain(error, statement->conflict);
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (strncmp(code, failures[i].code, strlen(failures[i].code)) != 0) continue;
        const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        bool is_told = failures[i].is_told && message;
        return error_set(error, failures[i].status, STR_NONE, STR_NONE,
                         "PostgreSQL refused %.*s (%s)%s%s", STR_ARGS(name), code,
                         is_told ? ": " : "", is_told ? message : "");
    }
    return error_set(error, STATUS_INTERNAL, STR_NONE, STR_NONE,
                     "PostgreSQL refused %.*s (SQLSTATE %s)", STR_ARGS(name), code);
}
