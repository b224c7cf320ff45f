/* The schema of a value that is read: what avro_schema.c makes and avro_read.c follows. Internal to
 * formats/. */
#ifndef FORMATS_AVRO_SCHEMA_H
#define FORMATS_AVRO_SCHEMA_H

#include "formats/avro_read.h"

enum avro_kind {
    AVRO_NULL,
    AVRO_BOOLEAN,
    AVRO_INT,
    AVRO_LONG,
    AVRO_FLOAT,
    AVRO_DOUBLE,
    AVRO_BYTES,
    AVRO_STRING,
    AVRO_RECORD, /* parts are its fields */
    AVRO_ENUM,   /* names are its symbols */
    AVRO_ARRAY,  /* parts[0] are its items */
    AVRO_MAP,    /* parts[0] are its values */
    AVRO_UNION,  /* parts are its branches */
    AVRO_FIXED
};

enum avro_logical { AVRO_PLAIN, AVRO_DATE, AVRO_TIMESTAMP_MILLIS, AVRO_TIMESTAMP_MICROS };

struct avro_schema {
    enum avro_kind kind;
    enum avro_logical logical;
    size_t count;
    struct str *names;
    const struct avro_schema **parts;
    size_t size; /* of a fixed */
};

#endif
