/* Where a webhook may lead to. Whoever may make one could else have this service ask its own
 * network: a metadata service, a database with an HTTP port, the service itself.
 *
 * A URL is looked at when it is given, an address when it is connected to, after the name was
 * resolved: what a name leads to may change in between.
 */
#ifndef ADAPTERS_WEBHOOKS_ENDPOINT_H
#define ADAPTERS_WEBHOOKS_ENDPOINT_H

#include "adapters/identity/network.h"
#include "base/status.h"

struct endpoint_rules {
    const struct network *internal; /* networks of our own that may be asked */
    size_t internal_count;
    bool plain_http; /* http: as well as https: */
};

/* STATUS_INVALID_VALUE names the field url. */
MUST_CHECK enum status endpoint_check_url(const struct endpoint_rules *rules, struct str url,
                                          struct arena *arena, struct error *error);
/* An IPv4 address as ::ffff:a.b.c.d. */
bool endpoint_may_connect(const struct endpoint_rules *rules, const uint8_t address[16]);

#endif
