/* Secrets of webhooks and what is signed with them, after Standard Webhooks 1.0.0: HMAC-SHA256 over
 * "id.timestamp.body".
 *
 * A secret is HMAC-SHA256 of the webhook and its salt under the deployment's key, which is a
 * pseudo-random function: 256 bits that nobody without the key can tell from random ones, and
 * nothing that has to be kept.
 */
#ifndef ADAPTERS_WEBHOOKS_SIGNER_H
#define ADAPTERS_WEBHOOKS_SIGNER_H

#include "adapters/webhooks/endpoint.h"
#include "application/ports/webhook_signer.h"

enum {
    SIGNER_KEY_BYTES = 32,
    SIGNER_SECRET_BYTES = 32, /* of ours; others may have up to SIGNER_SECRET_MAX */
    SIGNER_SECRET_MAX = 64,
    SIGNER_KEY_ID_LEN = 16
};

struct signer {
    struct webhook_signer base; /* the port */
    unsigned char key[SIGNER_KEY_BYTES];
    char key_id[SIGNER_KEY_ID_LEN];
    struct endpoint_rules rules;
    void (*waken)(void *argument); /* NULL: nobody */
    void *waken_argument;
};

/* The networks of `rules` must live as long. `self` stays where it is. */
void signer_init(struct signer *self, const unsigned char key[SIGNER_KEY_BYTES],
                 const struct endpoint_rules *rules);

struct signer_secret {
    unsigned char bytes[SIGNER_SECRET_MAX];
    size_t len;
};
void signer_make_secret(const struct signer *self, struct str tenant, struct str webhook_id,
                        struct str salt, struct signer_secret *secret);
/* "v1,BASE64", one for each secret, separated by spaces. Absent when out of memory. */
struct str signer_signature(const struct signer_secret *secrets, size_t count, struct str id,
                            int64_t timestamp, struct str body, struct arena *arena);

#endif
