/* Rows that a unit of work adds. Over a network a statement costs more than its rows: so they are
 * gathered, and written in few statements before anything is read and at the end of the unit of
 * work. Where each statement is a call (SQLite), they are written at once.
 *
 * One row of a table goes in the table's own statement, several in one with arrays, and those that
 * make a new customer together in one.
 */
#ifndef ADAPTERS_STORE_SQL_WRITES_H
#define ADAPTERS_STORE_SQL_WRITES_H

#include "engines/sql/sql.h"

enum sql_writes_table {
    SQL_WRITES_PROFILE,
    SQL_WRITES_VERSION,
    SQL_WRITES_NEW_FACT, /* of the customer that was added last; given as the others */
    SQL_WRITES_FACT,
    SQL_WRITES_NEW_KEY, /* a row for each key of a home */
    SQL_WRITES_KEY,
    SQL_WRITES_SEARCH,
    SQL_WRITES_EVENT,
    SQL_WRITES_DELIVERY, /* to a webhook */
    SQL_WRITES_TABLES
};

struct sql_writes_rows {
    struct sql_value *values; /* row by row, without the tenant */
    size_t count;
    size_t room;
};

struct sql_writes {
    struct sql_transaction *transaction;
    struct str tenant;
    bool is_gathering; /* false: each row is written at once */
    size_t pending;    /* rows of all tables */
    struct sql_writes_rows tables[SQL_WRITES_TABLES];
    struct arena arena; /* their text */
};

void sql_writes_init(struct sql_writes *writes, struct sql_transaction *transaction,
                     struct str tenant, bool is_gathering);
void sql_writes_release(struct sql_writes *writes);
/* `values`: the table's columns after the tenant, as in its statement. They are taken over. */
MUST_CHECK enum status sql_writes_add(struct sql_writes *writes, enum sql_writes_table table,
                                      const struct sql_value *values, struct error *error);
/* A key that the home does not have; of a new one a key that is gathered already is passed over. */
MUST_CHECK enum status sql_writes_add_key(struct sql_writes *writes, struct str home,
                                          struct str key, struct error *error);
/* What `from` has gathered, to be written with the rest; `from` must last until then. */
MUST_CHECK enum status sql_writes_move(struct sql_writes *writes, const struct sql_writes *from,
                                       struct error *error);
/* Writes what was gathered. */
MUST_CHECK enum status sql_writes_flush(struct sql_writes *writes, struct error *error);

#endif
