/* A look at a TLS certificate before it is needed. */
#ifndef SERVICE_CERTIFICATE_H
#define SERVICE_CERTIFICATE_H

#include "base/status.h"

/* STATUS_CONFIGURATION when either is no PEM or they do not belong together. `*days_left` is
 * negative for an expired one. */
MUST_CHECK enum status certificate_check(struct str certificate_pem, struct str key_pem,
                                         int *days_left, struct error *error);

#endif
