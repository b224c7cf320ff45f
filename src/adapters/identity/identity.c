#include "adapters/identity/identity.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "adapters/identity/network.h"
#include "adapters/identity/token_cache.h"
#include "base/identifier.h"

struct service_identity {
    struct identity base;
    struct arena arena; /* of the options' texts */
    bool development;
    struct network *peers;
    size_t peer_count;
    char *jwks_file; /* NULL: no tokens */
    struct jwt_rules rules;
    struct environment *environment;
    struct token_cache *cache;
    pthread_rwlock_t lock; /* of the next two */
    struct jwks *keys;
    struct stat written; /* of the key file, when it was read */
};

/* --- development --- */

/* The host of a Host header, without port and brackets. */
static struct str host_name(struct str host)
{
    if (host.len > 0 && host.ptr[0] == '[') {
        struct str rest = str_skip(host, 1), inside;
        (void)str_split(&rest, ']', &inside);
        return inside;
    }
    struct str rest = host, name = STR("");
    (void)str_split(&rest, ':', &name);
    return name;
}

static bool host_is_loopback(struct str host)
{
    struct str name = host_name(host);
    struct network four = {.bits = 0};
    if (str_equal_ignore_case(name, STR("localhost")) || str_equal(name, STR("::1"))) return true;
    return network_parse(STR("127.0.0.0/8"), &four) && network_has(&four, name);
}

/* A browser says for which page it asks: a page from elsewhere must not write here behind its
 * reader's back, and needs no answer to do so (Fetch, "simple" requests). */
static bool origin_is_loopback(struct str origin)
{
    struct str rest = origin;
    if (str_starts_with(rest, STR("http://")))
        rest = str_skip(rest, 7);
    else if (str_starts_with(rest, STR("https://")))
        rest = str_skip(rest, 8);
    else
        return false; /* "null", too */
    return host_is_loopback(rest);
}

static enum status resolve_development(const struct credentials *credentials,
                                       struct api_caller *caller, struct error *error)
{
    if (!str_is_none(credentials->origin) && !origin_is_loopback(credentials->origin))
        return error_set(error, STATUS_FORBIDDEN, STR("Origin"), STR("http://localhost"),
                         "in development mode only pages of a loopback name are served");
    if (!str_is_none(credentials->host) && !host_is_loopback(credentials->host))
        return error_set(error, STATUS_FORBIDDEN, STR("Host"), STR("localhost, 127.0.0.1, [::1]"),
                         "in development mode only a loopback name is served");
    caller->tenant = STR("default");
    caller->user_id = STR("dev");
    caller->permissions = PERMISSIONS_ALL;
    if (!str_is_none(credentials->tenant)) caller->tenant = credentials->tenant;
    if (!str_is_none(credentials->user)) caller->user_id = credentials->user;
    if (!str_is_none(credentials->permissions))
        caller->permissions = permissions_parse_list(credentials->permissions);
    return STATUS_OK;
}

/* --- gateway --- */

static bool from_gateway(const struct service_identity *identity, struct str peer)
{
    for (size_t i = 0; i < identity->peer_count; i++)
        if (network_has(&identity->peers[i], peer)) return true;
    return false;
}

static bool has_gateway_headers(const struct credentials *credentials)
{
    return !str_is_none(credentials->tenant) || !str_is_none(credentials->user) ||
           !str_is_none(credentials->roles) || !str_is_none(credentials->permissions);
}

static enum status resolve_gateway(const struct service_identity *identity,
                                   const struct credentials *credentials, struct api_caller *caller,
                                   struct error *error)
{
    if (!from_gateway(identity, credentials->peer))
        return error_set(error, STATUS_UNAUTHENTICATED, STR("X-Tenant-ID"),
                         STR("Authorization: Bearer <token>"),
                         "X-Tenant-ID and X-User-* are taken from the gateway only");
    caller->tenant = credentials->tenant;
    caller->user_id = credentials->user;
    if (str_is_empty(credentials->user))
        return error_set(error, STATUS_UNAUTHENTICATED, STR("X-User-Id"), STR("the user's id"),
                         "X-User-Id is missing");
    caller->permissions = 0;
    if (!str_is_none(credentials->permissions))
        caller->permissions = permissions_parse_list(credentials->permissions);
    return STATUS_OK;
}

/* --- tokens --- */

static enum status verify_and_remember(struct service_identity *identity, struct str token,
                                       instant now, struct arena *arena, struct jwt_claims *claims,
                                       struct error *error)
{
    /* Put under the lock: a reload clears the cache only when no check by old keys is under way. */
    (void)pthread_rwlock_rdlock(&identity->lock);
    enum status status =
        jwt_verify(token, identity->keys, &identity->rules, now, arena, claims, error);
    if (status == STATUS_OK) token_cache_put(identity->cache, token, claims);
    (void)pthread_rwlock_unlock(&identity->lock);
    return status;
}

static enum status resolve_token(struct service_identity *identity, struct str token,
                                 struct arena *arena, struct api_caller *caller,
                                 struct error *error)
{
    struct jwt_claims claims;
    if (token.len > identity->rules.token_max_bytes)
        return error_set(error, STATUS_UNAUTHENTICATED, STR("Authorization"), STR("Bearer <token>"),
                         "the token is too large");
    instant now = identity->environment->now(identity->environment);
    if (!token_cache_find(identity->cache, token, now, arena, &claims))
        TRY(verify_and_remember(identity, token, now, arena, &claims, error));
    *caller =
        (struct api_caller){claims.tenant, claims.user_id, claims.permissions, claims.expires_at};
    return STATUS_OK;
}

/* RFC 6750, 2.1: the scheme in any case, one or more spaces, the token. */
static bool bearer_token(struct str authorization, struct str *token)
{
    if (authorization.len < 8 ||
        !str_equal_ignore_case(str_of(authorization.ptr, 7), STR("Bearer ")))
        return false;
    *token = str_trim(str_skip(authorization, 7));
    return token->len > 0;
}

static enum status unknown_caller(const struct service_identity *identity, struct error *error)
{
    struct str allowed = identity->jwks_file ? STR("Authorization: Bearer <token>")
                                             : STR("X-Tenant-ID and X-User-Id by the gateway");
    return error_set(error, STATUS_UNAUTHENTICATED, STR(""), allowed,
                     "the request does not say who asks");
}

static enum status check_names(const struct api_caller *caller, struct error *error)
{
    if (!identifier_is_valid(caller->tenant))
        return error_set(error, STATUS_UNAUTHENTICATED, STR("X-Tenant-ID"), STR(IDENTIFIER_ALLOWED),
                         "the tenant is missing or no identifier");
    if (!jwt_user_is_valid(caller->user_id))
        return error_set(error, STATUS_UNAUTHENTICATED, STR("X-User-Id"),
                         STR("1 to 128 bytes of UTF-8 without control characters"),
                         "the user's id is not valid");
    return STATUS_OK;
}

enum status identity_resolve(struct identity *base, const struct credentials *credentials,
                             struct arena *arena, struct api_caller *caller, struct error *error)
{
    struct service_identity *identity = (struct service_identity *)base;
    struct str token;
    *caller = (struct api_caller){.permissions = 0, .expires_at = INSTANT_NONE};
    if (credentials->repeated)
        return error_set(error, STATUS_UNAUTHENTICATED, STR(""), STR("each header once"),
                         "a header that says who asks came twice");
    if (identity->development)
        TRY(resolve_development(credentials, caller, error));
    else if (has_gateway_headers(credentials))
        TRY(resolve_gateway(identity, credentials, caller, error));
    else if (identity->jwks_file && bearer_token(credentials->authorization, &token))
        TRY(resolve_token(identity, token, arena, caller, error));
    else
        return unknown_caller(identity, error);
    return check_names(caller, error);
}

static struct str take_header(const struct http_request *request, struct str name, bool *repeated)
{
    struct str value = http_request_header(request, name);
    if (!str_is_none(value)) *repeated |= http_request_header_repeated(request, name);
    return value;
}

static enum status resolve_request(struct identity *base, struct http_request *request,
                                   struct api_caller *caller, struct error *error)
{
    bool repeated = false;
    struct credentials credentials = {
        .peer = http_request_peer(request),
        .host = take_header(request, STR("Host"), &repeated),
        .origin = http_request_header(request, STR("Origin")),
        .authorization = take_header(request, STR("Authorization"), &repeated),
        .tenant = take_header(request, STR("X-Tenant-ID"), &repeated),
        .user = take_header(request, STR("X-User-Id"), &repeated),
        .roles = take_header(request, STR("X-User-Roles"), &repeated),
        .permissions = take_header(request, STR("X-User-Permissions"), &repeated),
    };
    credentials.repeated = repeated;
    return identity_resolve(base, &credentials, http_request_arena(request), caller, error);
}

/* --- life --- */

/* Reads the key set again. On failure the old one stays in force. Thread-safe. */
static enum status reload(struct identity *base, struct error *error)
{
    struct service_identity *identity = (struct service_identity *)base;
    struct jwks *keys;
    struct stat written;
    if (!identity->jwks_file) return STATUS_OK;
    if (stat(identity->jwks_file, &written) != 0) written = (struct stat){.st_size = -1};
    TRY(jwks_read_file(str_from_cstr(identity->jwks_file), &keys, error));
    (void)pthread_rwlock_wrlock(&identity->lock);
    struct jwks *old = identity->keys;
    identity->keys = keys;
    identity->written = written;
    token_cache_clear(identity->cache);
    (void)pthread_rwlock_unlock(&identity->lock);
    jwks_free(old);
    return STATUS_OK;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

enum status identity_reload_if_changed(struct identity *base, bool *reloaded, struct error *error)
{
    struct service_identity *identity = (struct service_identity *)base;
    struct stat now;
    *reloaded = false;
    if (!identity->jwks_file || stat(identity->jwks_file, &now) != 0) return STATUS_OK;
    (void)pthread_rwlock_rdlock(&identity->lock);
    bool same = same_file(&now, &identity->written);
    (void)pthread_rwlock_unlock(&identity->lock);
    if (same) return STATUS_OK;
    enum status status = reload(base, error);
    *reloaded = status == STATUS_OK;
    if (status == STATUS_OK) return status;
    /* A broken file is reported once, not at every look. */
    (void)pthread_rwlock_wrlock(&identity->lock);
    identity->written = now;
    (void)pthread_rwlock_unlock(&identity->lock);
    return status;
}

static void identity_free(struct identity *base)
{
    struct service_identity *identity = (struct service_identity *)base;
    jwks_free(identity->keys);
    token_cache_free(identity->cache);
    (void)pthread_rwlock_destroy(&identity->lock);
    arena_release(&identity->arena);
    free(identity);
}

static enum status parse_peers(struct service_identity *identity,
                               const struct identity_options *options, struct error *error)
{
    identity->peers =
        ARENA_NEW_ARRAY(&identity->arena, struct network, options->gateway_peer_count + 1);
    if (!identity->peers) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < options->gateway_peer_count; i++) {
        struct str text = options->gateway_peers[i];
        if (!network_parse(text, &identity->peers[identity->peer_count++]))
            return error_set(error, STATUS_CONFIGURATION, STR("identity.gateway_peers"),
                             STR("10.0.0.0/8, 192.168.1.7, ::1"),
                             "identity.gateway_peers: \"%.*s\" is no address or network",
                             (int)(text.len < 64 ? text.len : 64), text.ptr);
    }
    return STATUS_OK;
}

static enum status take_options(struct service_identity *identity,
                                const struct identity_options *options, struct error *error)
{
    struct arena *arena = &identity->arena;
    const struct jwt_rules *rules = &options->rules;
    identity->development = options->development;
    identity->environment = options->environment;
    identity->rules = (struct jwt_rules){
        .issuer = arena_str(arena, rules->issuer),
        .audience = arena_str(arena, rules->audience),
        .leeway_ms = rules->leeway_ms,
        .token_max_bytes = rules->token_max_bytes,
        .tenant_claim = arena_str(arena, rules->tenant_claim),
        .user_claim = arena_str(arena, rules->user_claim),
        .permissions_claim = arena_str(arena, rules->permissions_claim),
    };
    struct hash_key key;
    options->environment->random(options->environment, &key, sizeof(key));
    identity->cache = token_cache_new(options->cache_capacity, key);
    if (!identity->cache) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(parse_peers(identity, options, error));
    if (options->development || str_is_empty(options->jwks_file)) return STATUS_OK;
    identity->jwks_file = arena_cstr(arena, options->jwks_file);
    if (!identity->jwks_file) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return reload(&identity->base, error);
}

enum status identity_new(const struct identity_options *options, struct identity **out,
                         struct error *error)
{
    *out = NULL;
    struct service_identity *identity = calloc(1, sizeof(*identity));
    if (!identity) return error_plain(error, STATUS_OUT_OF_MEMORY);
    arena_init(&identity->arena, 1 << 20);
    if (pthread_rwlock_init(&identity->lock, NULL) != 0) {
        free(identity);
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    identity->base = (struct identity){.resolve = resolve_request,
                                       .challenge = STR("Bearer realm=\"customer360\""),
                                       .free = identity_free};
    enum status status = take_options(identity, options, error);
    if (status != STATUS_OK) {
        identity_free(&identity->base);
        return status;
    }
    *out = &identity->base;
    return STATUS_OK;
}
