/* What webhooks need from outside besides a store: secrets, which are made and not kept; a word on
 * whether a URL may be asked; and somebody to tell that there is something to do.
 *
 * A secret is a function of the tenant, the webhook, a salt and a key of the deployment. The store
 * has the salt and which key it was; so neither a copy of it nor a backup has a secret.
 */
#ifndef APPLICATION_PORTS_WEBHOOK_SIGNER_H
#define APPLICATION_PORTS_WEBHOOK_SIGNER_H

#include "base/status.h"

struct webhook_signer {
    struct str key_id; /* tells keys apart and tells nothing of them */
    /* "whsec_..." as the owner of the webhook gets it. Absent when out of memory. */
    struct str (*secret)(struct webhook_signer *, struct str tenant, struct str webhook_id,
                         struct str salt, struct arena *);
    /* STATUS_INVALID_VALUE names the field `url`: it is not one that may be asked. A name may lead
     * to an internal address all the same, which is found out when it is asked. */
    enum status (*check_url)(struct webhook_signer *, struct str url, struct arena *,
                             struct error *);
    /* Webhooks have changed. From any thread. */
    void (*wake)(struct webhook_signer *);
};

#endif
