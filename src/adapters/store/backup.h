/* A whole store as lines of JSON: all tenants, every table but what is made anew from the rest. The
 * same for every engine, so a backup of one is restored into another, and taken in one snapshot
 * while the service writes (decision 0050).
 *
 *     {"record":"HEADER","format":"customer360-backup","formatVersion":1,"schema":9,...}
 *     {"table":"fact","columns":["actor","body",...]}
 *     ["jane","{...}",...]                  a row: texts and null; numbers are texts, too
 *     {"record":"END","rows":12345,"digest":"9f3c..."}
 *
 * Tables and columns come from the database's own catalogue: a table that a migration adds is in
 * the backup without anybody thinking of it. The digest is the sum, modulo 2^64 in four lanes, of
 * the SHA-256 of every row: whatever the order, two stores with the same rows have the same one.
 * It finds what broke, not what was forged.
 */
#ifndef ADAPTERS_STORE_BACKUP_H
#define ADAPTERS_STORE_BACKUP_H

#include <stdio.h>

#include "adapters/store/sql_store.h"

enum { BACKUP_DIGEST_MAX = 65 };

struct backup_header {
    int64_t schema; /* highest migration number of the program that wrote it */
    struct str program;
    struct str taken_at;
    struct str suppression_key; /* the suppression list is worthless without it */
};

struct backup_totals {
    int64_t tables;
    int64_t rows;
    char digest[BACKUP_DIGEST_MAX];
};

/* What a backup of this program is made of. */
int64_t backup_schema(void);

/* Writes the whole store. `out` NULL: only counts and digests. STATUS_IO when `out` takes no more.
 * `told` (may be NULL) is called now and then. */
MUST_CHECK enum status backup_write(struct store *store, const struct backup_header *header,
                                    FILE *out, void (*told)(void *, int64_t rows), void *context,
                                    struct backup_totals *totals, struct error *error);

/* Reads the first line. STATUS_INVALID_VALUE: this is no backup, or one of another program. */
MUST_CHECK enum status backup_read_header(FILE *in, struct arena *arena,
                                          struct backup_header *header, struct error *error);
/* Marks the store as one that nobody may take for whole, for good until backup_load has come to its
 * end or backup_abandon is asked for. STATUS_STORE_NOT_EMPTY. */
MUST_CHECK enum status backup_begin_load(struct store *store, struct error *error);
/* Takes the mark away: the store is as empty as before. */
MUST_CHECK enum status backup_abandon(struct store *store, struct error *error);
/* Reads all that follows into an empty store, in one transaction: after a failure, whatever it was,
 * the store is as it was before. `finish` runs at the end, once for each tenant with customers, in
 * the same transaction. STATUS_STORE_NOT_EMPTY; STATUS_INVALID_VALUE when the file is cut off or
 * its rows are not those of its digest. */
MUST_CHECK enum status backup_load(struct store *store, FILE *in, store_body *finish,
                                   void *finish_context, void (*told)(void *, int64_t rows),
                                   void *context, struct backup_totals *totals,
                                   struct error *error);

#endif
