/* The table of configuration keys: the one place that knows names, types, defaults and limits. */
#include "service/config.h"

#define KB      (INT64_C(1) << 10)
#define MB      (INT64_C(1) << 20)
#define GB      (INT64_C(1) << 30)
#define SECONDS INT64_C(1000)
#define HOURS   (3600 * SECONDS)

/* clang-format off */
#define AT(field) .offset = offsetof(struct config_values, field)
#define RELOADS         .reloads = true
#define TEXT(field)     .type = CONFIG_TEXT, AT(field)
#define CHOICE(field)   .type = CONFIG_CHOICE, AT(field)
#define PATH(field)     .type = CONFIG_PATH, AT(field)
#define LIST(field)     .type = CONFIG_LIST, AT(field)
#define BOOLEAN(field)  .type = CONFIG_BOOLEAN, AT(field)
#define COUNT(field, low, high)    .type = CONFIG_COUNT, AT(field), .min = (low), .max = (high)
#define SIZE(field, low, high)     .type = CONFIG_SIZE, AT(field), .min = (low), .max = (high)
#define DURATION(field, low, high) .type = CONFIG_DURATION, AT(field), .min = (low), .max = (high)

const struct config_key config_keys[] = {
    {STR("dev"), .flag = STR("dev"), BOOLEAN(dev), .fallback = STR("false"),
     .help = STR("development mode: no identity is asked, every permission is given, only loopback is bound")},
    {STR("sample"), .flag = STR("sample"), BOOLEAN(sample), .fallback = STR("false"),
     .help = STR("load about a thousand sample customers at start, unless the store has data")},

    {STR("http.listen"), .flag = STR("listen"), TEXT(http_listen), .fallback = STR("127.0.0.1:9401"),
     .allowed = STR("ADDRESS:PORT, [IPV6]:PORT; port 0 takes any free one"),
     .help = STR("address and port to serve on")},
    {STR("http.loops"), COUNT(http_loops, 0, 256), .fallback = STR("0"),
     .help = STR("event loops, each a thread; 0 is one per core")},
    {STR("http.body_max"), SIZE(http_body_max, 1 * KB, 64 * MB), .fallback = STR("1M"),
     .help = STR("largest request body")},
    {STR("http.upload_max"), SIZE(http_upload_max, 1 * KB, 1024 * GB), .fallback = STR("4G"),
     .help = STR("largest body of an import, which is spooled to jobs.directory")},
    {STR("http.header_max"), SIZE(http_header_max, 4 * KB, 1 * MB), .fallback = STR("16K"),
     .help = STR("largest request head")},
    {STR("http.connections_max"), COUNT(http_connections_max, 1, 1000000), .fallback = STR("4096"),
     .help = STR("open connections per loop; more wait to be accepted")},
    {STR("http.idle_timeout"), DURATION(http_idle_timeout, 1 * SECONDS, 1 * HOURS), .fallback = STR("60s"),
     .help = STR("a connection on which nothing moves for so long is closed")},
    {STR("http.request_memory"), SIZE(http_request_memory, 256 * KB, 1 * GB), .fallback = STR("32M"),
     .help = STR("most memory that one request may use")},
    {STR("http.rate_limit"), RELOADS, COUNT(http_rate_limit, 0, 10000000), .fallback = STR("0"),
     .help = STR("requests per second and tenant, per instance; 0 is no limit")},
    {STR("http.rate_limit_caller"), RELOADS, COUNT(http_rate_limit_caller, 0, 10000000), .fallback = STR("0"),
     .help = STR("requests per second and caller of a tenant, per instance; 0 is no limit")},
    {STR("http.read_wait_max"), RELOADS, DURATION(http_read_wait_max, 0, 60 * SECONDS), .fallback = STR("10ms"),
     .help = STR("overload: a read that would wait longer for its turn is answered with 503; 0 is no limit")},
    {STR("http.write_wait_max"), RELOADS, DURATION(http_write_wait_max, 0, 60 * SECONDS), .fallback = STR("25ms"),
     .help = STR("the same of a write")},
    {STR("http.idempotency_keep"), DURATION(http_idempotency_keep, 1 * SECONDS, 30 * 24 * HOURS), .fallback = STR("1d"),
     .help = STR("how long a request is known again by its Idempotency-Key")},
    {STR("http.drain_timeout"), RELOADS, DURATION(http_drain_timeout, 0, 1 * HOURS), .fallback = STR("20s"),
     .help = STR("how long requests under way may go on after SIGTERM")},
    {STR("http.public_url"), TEXT(http_public_url), .fallback = STR(""),
     .allowed = STR("https://HOST[:PORT]"),
     .help = STR("the URL that clients know the service by, for the API description; empty: as asked")},

    {STR("tls.certificate"), RELOADS, PATH(tls_certificate), .fallback = STR(""),
     .help = STR("certificate chain (PEM); with it the listener speaks TLS 1.3 only")},
    {STR("tls.key"), RELOADS, PATH(tls_key), .fallback = STR(""),
     .help = STR("private key of the certificate (PEM)")},

    {STR("store.url"), .flag = STR("store"), TEXT(store_url), .fallback = STR("sqlite:data/customer360.db"), .secret = true,
     .allowed = STR("sqlite:PATH | postgresql://USER@HOST/DATABASE | memory:"),
     .help = STR("where customers are kept; memory: forgets them at exit")},
    {STR("store.cache"), SIZE(store_cache, 0, 64 * GB), .fallback = STR("256M"),
     .help = STR("embedded store: memory for documents that were looked up")},
    {STR("store.mmap"), SIZE(store_mmap, 0, 1024 * GB), .fallback = STR("1G"),
     .help = STR("embedded store: how much of the file is mapped for reading")},
    {STR("store.batch_max"), COUNT(store_batch_max, 1, 10000), .fallback = STR("256"),
     .help = STR("embedded store: most writes made durable by one commit")},
    {STR("store.busy_timeout"), DURATION(store_busy_timeout, 0, 60 * SECONDS), .fallback = STR("5s"),
     .help = STR("embedded store: how long to wait for a lock on the file")},
    {STR("store.connections"), COUNT(store_connections, 1, 1000), .fallback = STR("8"),
     .help = STR("PostgreSQL: connections per loop for transactions")},
    {STR("store.readers"), COUNT(store_readers, 1, 64), .fallback = STR("2"),
     .help = STR("PostgreSQL: pipelined connections per loop for look-ups")},
    {STR("store.connect_timeout"), DURATION(store_connect_timeout, 100, 60 * SECONDS), .fallback = STR("5s"),
     .help = STR("PostgreSQL: how long connecting may take")},
    {STR("store.statement_timeout"), DURATION(store_statement_timeout, 100, 1 * HOURS), .fallback = STR("10s"),
     .help = STR("PostgreSQL: how long a statement may take")},
    {STR("store.migration_url"), TEXT(store_migration_url), .fallback = STR(""), .secret = true,
     .allowed = STR("postgresql://USER@HOST/DATABASE"),
     .help = STR("PostgreSQL: the role that owns the schema, used by `migrate` only; empty: store.url")},
    {STR("store.runtime_role"), TEXT(store_runtime_role), .fallback = STR("customer360"),
     .allowed = STR("a role name"),
     .help = STR("PostgreSQL: the role of the service, which `migrate` gives its rights to")},

    {STR("identity.jwks_file"), RELOADS, PATH(identity_jwks_file), .fallback = STR(""),
     .help = STR("public keys (JWKS) that tokens are checked with; read again when it changes, too")},
    {STR("identity.jwt_issuer"), RELOADS, TEXT(identity_jwt_issuer), .fallback = STR(""),
     .allowed = STR("the exact text of the claim"),
     .help = STR("the claim iss must be this; empty: not asked")},
    {STR("identity.jwt_audience"), RELOADS, TEXT(identity_jwt_audience), .fallback = STR("crm-customer360"),
     .allowed = STR("the exact text of the claim"),
     .help = STR("the claim aud must have this; empty: not asked")},
    {STR("identity.jwt_leeway"), RELOADS, DURATION(identity_jwt_leeway, 0, 300 * SECONDS), .fallback = STR("30s"),
     .help = STR("how far clocks may be apart when exp, nbf and iat are checked")},
    {STR("identity.jwt_tenant_claim"), RELOADS, TEXT(identity_jwt_tenant_claim), .fallback = STR("tenant"),
     .allowed = STR("a claim's name"),
     .help = STR("the claim that names the tenant")},
    {STR("identity.jwt_user_claim"), RELOADS, TEXT(identity_jwt_user_claim), .fallback = STR("sub"),
     .allowed = STR("a claim's name"),
     .help = STR("the claim that names the user")},
    {STR("identity.jwt_permissions_claim"), RELOADS, TEXT(identity_jwt_permissions_claim), .fallback = STR("permissions"),
     .allowed = STR("a claim's name"),
     .help = STR("the claim with the permissions: an array, or a text separated by spaces")},
    {STR("identity.jwt_token_max"), RELOADS, SIZE(identity_jwt_token_max, 256, 64 * KB), .fallback = STR("8K"),
     .help = STR("largest token")},
    {STR("identity.jwt_cache"), RELOADS, COUNT(identity_jwt_cache, 0, 1000000), .fallback = STR("10000"),
     .help = STR("verified tokens that are remembered until they expire")},
    {STR("identity.gateway_peers"), RELOADS, LIST(identity_gateway_peers), .fallback = STR(""),
     .allowed = STR("addresses or networks separated by commas: 10.0.0.0/8, ::1"),
     .help = STR("peers whose X-Tenant-ID, X-User-Id and X-User-Permissions are believed; from all others they are refused")},

    {STR("matching.model_file"), PATH(matching_model_file), .fallback = STR(""),
     .help = STR("a model that `train` wrote, to weigh with; empty: the one that is shipped")},
    {STR("matching.match_weight"), COUNT(matching_match_weight, 0, 64), .fallback = STR("13"),
     .help = STR("bits of evidence from which two customers are certainly one without a shared identifier; 0: never")},
    {STR("matching.review_weight"), COUNT(matching_review_weight, 0, 64), .fallback = STR("0"),
     .help = STR("bits of evidence from which two customers are possibly one")},

    {STR("policy.file"), RELOADS, PATH(policy_file), .fallback = STR(""),
     .help = STR("survivorship policies, JSON {tenant: policy}, \"*\" for all others")},
    {STR("privacy.suppression_key_file"), PATH(privacy_suppression_key_file), .fallback = STR(""),
     .help = STR("32 hexadecimal digits that key the hashes of the suppression list; empty: beside the embedded store, made at first start")},
    {STR("jobs.directory"), PATH(jobs_directory), .fallback = STR(""),
     .help = STR("where uploads and export results of jobs are kept, by one instance alone; empty: beside the embedded store, else data/jobs-PORT")},
    {STR("jobs.keep"), DURATION(jobs_keep, 60 * SECONDS, 8760 * HOURS), .fallback = STR("7d"),
     .help = STR("how long export results stay")},
    {STR("jobs.batch"), COUNT(jobs_batch, 1, 1000), .fallback = STR("500"),
     .help = STR("rows of an import per transaction")},
    {STR("jobs.memory"), SIZE(jobs_memory, 16 * MB, 64 * GB), .fallback = STR("256M"),
     .help = STR("memory that an import uses at most, roughly; a transaction has fewer rows when they are large")},
    {STR("jobs.scan_memory"), SIZE(jobs_scan_memory, 16 * MB, 1024 * GB), .fallback = STR("2G"),
     .help = STR("most memory of a scan for duplicates, which fails when it needs more")},

    {STR("log.level"), RELOADS, CHOICE(log_level), .fallback = STR("info"),
     .allowed = STR("debug | info | warn | error"), .help = STR("what is logged, to stderr")},
    {STR("log.format"), RELOADS, CHOICE(log_format), .fallback = STR("auto"),
     .allowed = STR("auto | json | text"), .help = STR("auto is text on a terminal, else JSON")},

    {STR("limits.contacts_max"), COUNT(limits_contacts_max, 1, 100000), .fallback = STR("1000"),
     .help = STR("contacts of one customer")},
    {STR("limits.facts_max"), COUNT(limits_facts_max, 100, 10000000), .fallback = STR("100000"),
     .help = STR("assertions, acts and edits kept of one customer")},
    {STR("limits.homes_max"), COUNT(limits_homes_max, 2, 100000), .fallback = STR("1000"),
     .help = STR("profiles merged into one customer")},
    {STR("limits.relationships_max"), COUNT(limits_relationships_max, 1, 100000), .fallback = STR("1000"),
     .help = STR("relationships of one customer")},
    {STR("limits.lookup_max"), COUNT(limits_lookup_max, 1, 10000), .fallback = STR("500"),
     .help = STR("ids in one bulk look-up")},
    {STR("limits.page_max"), COUNT(limits_page_max, 1, 10000), .fallback = STR("500"),
     .help = STR("items of one page of a list")},
    {STR("limits.checks_max"), COUNT(limits_checks_max, 1, 10000), .fallback = STR("500"),
     .help = STR("checks in one consent check")},
};
/* clang-format on */

const size_t config_key_count = sizeof(config_keys) / sizeof(config_keys[0]);
