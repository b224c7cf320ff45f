/* Networks in CIDR notation (RFC 4632, RFC 4291), and whether an address is in one.
 *
 * An IPv4 address that came mapped into IPv6 (::ffff:10.0.0.1) is the IPv4 address. */
#ifndef ADAPTERS_IDENTITY_NETWORK_H
#define ADAPTERS_IDENTITY_NETWORK_H

#include "base/str.h"

struct network {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    int bits;            /* of the 128 */
};

/* "10.0.0.0/8", "::1", "2001:db8::/32". False on anything else, bits after the prefix included. */
bool network_parse(struct str text, struct network *network);
/* False when `address` is not one. */
bool network_has(const struct network *network, struct str address);
/* IPv4 as ::ffff:a.b.c.d. */
bool network_has_bytes(const struct network *network, const uint8_t address[16]);

#endif
