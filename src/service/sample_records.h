/* Sample customers: record number n is always the same. Records from SAMPLE_ORIGINALS on are
 * duplicates of earlier ones as they come about: another system, a short name, a slip of the
 * keyboard, an address that has moved on. */
#ifndef SERVICE_SAMPLE_RECORDS_H
#define SERVICE_SAMPLE_RECORDS_H

#include "base/arena.h"

enum { SAMPLE_ORGANIZATIONS = 560, SAMPLE_ORIGINALS = 860, SAMPLE_RECORDS = 1000 };

struct sample_record {
    struct str customer_id; /* CUST-1000 and so on */
    struct str source;      /* erp, webshop, service */
    struct str source_key;
    struct str body;  /* as POST /customers takes it, customerId included */
    struct str email; /* its first; for consents */
    int original;     /* of a duplicate; -1 for an original */
};

/* STATUS-free: false when out of memory. */
bool sample_record_make(int number, struct arena *arena, struct sample_record *record);

#endif
