/* The tables of a backup, as the database's catalogue has them. Internal to the backup. */
#ifndef ADAPTERS_STORE_BACKUP_TABLES_H
#define ADAPTERS_STORE_BACKUP_TABLES_H

#include "adapters/store/backup.h"
#include "adapters/store/sql_store_internal.h"

enum { BACKUP_COLUMNS_MAX = 32, BACKUP_KEY_MAX = 8, BACKUP_PAGE = 1000 };

struct backup_table {
    struct str name;
    struct str columns; /* "actor,body": in the order of their names */
    size_t column_count;
    struct str types;     /* a letter per column: i, t */
    struct str key_types; /* of what a page of rows begins with */
    struct sql_statement page, insert, lock;
};

/* STATUS_INTERNAL when a table has what a backup does not know. */
MUST_CHECK enum status backup_tables_read(struct sql_transaction *transaction, struct arena *arena,
                                          struct backup_table **tables, size_t *count,
                                          struct error *error);
/* A cell as a parameter of that type; false when it is not of the type. */
bool backup_tables_param(char type, struct str cell, struct sql_value *param);
/* Rows behind the key; `key` is updated to the last one's, its cells in the arena. */
MUST_CHECK enum status backup_tables_page(struct sql_transaction *transaction,
                                          const struct backup_table *table, struct str *key,
                                          struct arena *arena, struct sql_rows *rows,
                                          struct error *error);
/* The key before all rows. */
void backup_tables_first_key(const struct backup_table *table, struct str *key);

/* The sum over rows: see backup.h. */
struct backup_digest {
    uint64_t lanes[4];
};
/* `line` as it stands in the file, without its end. False when the library fails. */
bool backup_digest_add(struct backup_digest *digest, const struct backup_table *table,
                       struct str line, struct arena *arena);
void backup_digest_format(const struct backup_digest *digest, char out[BACKUP_DIGEST_MAX]);

#endif
