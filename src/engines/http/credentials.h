/* A certificate chain with its private key, for servers that speak TLS.
 *
 * Read once and shared by the servers of all loops, which only look at it. A server takes another
 * one at any time (http_server_set_credentials): handshakes that begin after that use it, and no
 * connection is touched. Whoever made one frees it when the servers are gone, the replaced ones
 * too: a handshake may be under way with them.
 */
#ifndef ENGINES_HTTP_CREDENTIALS_H
#define ENGINES_HTTP_CREDENTIALS_H

#include "base/status.h"

struct http_credentials;

/* PEM texts. STATUS_CONFIGURATION when they are none, or the key is not the certificate's. */
MUST_CHECK enum status http_credentials_new(struct str certificate, struct str key,
                                            struct http_credentials **credentials,
                                            struct error *error);
void http_credentials_free(struct http_credentials *credentials);

#endif
