/* A look at a TLS certificate before it is needed. */
#ifndef SERVICE_CERTIFICATE_H
#define SERVICE_CERTIFICATE_H

#include "base/status.h"

/* STATUS_CONFIGURATION when either is no PEM or they do not belong together. `*days_left` is
 * negative for an expired one. */
MUST_CHECK enum status certificate_check(struct str certificate_pem, struct str key_pem,
                                         int *days_left, struct error *error);

/* Puts the names of the files in front of what is wrong with what is in them. */
MUST_CHECK enum status certificate_blame(struct str certificate_path, struct str key_path,
                                         struct error *error);

#endif
