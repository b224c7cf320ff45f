/* The key that secrets of webhooks are made with, as it is configured (webhooks.key_file), and what
 * their URLs may be.
 */
#ifndef SERVICE_WEBHOOK_KEY_H
#define SERVICE_WEBHOOK_KEY_H

#include "adapters/webhooks/signer.h"
#include "service/config.h"

/* Beside an embedded store the key is made when there is none; a store in memory gets one for the
 * process. *has_key is false where none is configured and none is made. STATUS_CONFIGURATION names
 * the configuration key. The arena lives as long as the signer. */
MUST_CHECK enum status webhook_key_signer(const struct config_values *config, struct arena *arena,
                                          struct signer *signer, bool *has_key,
                                          struct error *error);
/* The file that holds it, or will; absent: there is none. */
struct str webhook_key_path(const struct config_values *config, struct arena *arena);

#endif
