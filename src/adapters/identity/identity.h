/* Who asks: the adapters behind adapters/api/identity.h, and the choice between them.
 *
 * Development mode believes anybody: tenant `default` unless X-Tenant-ID says otherwise, user `dev`
 * unless X-User-Id does, all permissions unless X-User-Permissions names fewer. The service binds
 * to loopback then; and the Host asked for must be a loopback name, so that no web page elsewhere
 * can reach it by rebinding a name of its own.
 *
 * Otherwise, failing closed:
 *   1. A request with any of X-Tenant-ID, X-User-Id, X-User-Roles, X-User-Permissions is the
 *      gateway's: its peer must be in the configured networks, else it is refused (not ignored: an
 *      attempt shall be seen). Tenant and user are required; none may come twice. An Authorization
 *      header beside them is the gateway's affair. Permissions decide; roles are accepted and
 *      mean nothing here.
 *   2. Else a bearer token is checked (jwt.h), if keys are configured.
 *   3. Else it is not known who asks.
 *
 * Thread-safe: one serves all loops.
 */
#ifndef ADAPTERS_IDENTITY_IDENTITY_H
#define ADAPTERS_IDENTITY_IDENTITY_H

#include "adapters/api/identity.h"
#include "adapters/identity/jwt.h"
#include "base/environment.h"

struct identity_options {
    bool development;
    const struct str *gateway_peers; /* CIDR */
    size_t gateway_peer_count;
    struct str jwks_file; /* empty: no tokens */
    struct jwt_rules rules;
    size_t cache_capacity;
    struct environment *environment; /* its clock; must be thread-safe */
};

/* STATUS_CONFIGURATION names what is wrong. */
MUST_CHECK enum status identity_new(const struct identity_options *options,
                                    struct identity **identity, struct error *error);
/* Reads the key set again if the file is another one or was written since; `*reloaded` says so. On
 * failure the old one stays in force. Thread-safe. */
MUST_CHECK enum status identity_reload_if_changed(struct identity *identity, bool *reloaded,
                                                  struct error *error);

/* What of a request is looked at; absent headers are absent strings. */
struct credentials {
    struct str peer;
    struct str host;
    struct str origin; /* of the page that asks, by its browser; absent from others */
    struct str authorization;
    struct str tenant, user, roles, permissions;
    bool repeated; /* one of these headers came twice */
};
/* What identity->resolve does with a request's credentials. */
MUST_CHECK enum status identity_resolve(struct identity *identity,
                                        const struct credentials *credentials, struct arena *arena,
                                        struct api_caller *caller, struct error *error);

#endif
