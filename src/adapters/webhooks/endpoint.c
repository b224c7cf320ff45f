#include "adapters/webhooks/endpoint.h"

#include "engines/http/url.h"

#define ALLOWED "https://HOST[:PORT][/PATH] without user, password and fragment"

/* What is not globally reachable (the special-purpose registries of RFC 6890), multicast, and the
 * IPv6 networks that lead on to IPv4 addresses. */
static const struct str closed[] = {
    STR("0.0.0.0/8"),      STR("10.0.0.0/8"),     STR("100.64.0.0/10"), STR("127.0.0.0/8"),
    STR("169.254.0.0/16"), STR("172.16.0.0/12"),  STR("192.0.0.0/24"),  STR("192.0.2.0/24"),
    STR("192.88.99.0/24"), STR("192.168.0.0/16"), STR("198.18.0.0/15"), STR("198.51.100.0/24"),
    STR("203.0.113.0/24"), STR("224.0.0.0/4"),    STR("240.0.0.0/4"),   STR("::/96"),
    STR("64:ff9b::/96"),   STR("64:ff9b:1::/48"), STR("100::/64"),      STR("2001::/23"),
    STR("2001:db8::/32"),  STR("2002::/16"),      STR("3fff::/20"),     STR("5f00::/16"),
    STR("fc00::/7"),       STR("fe80::/10"),      STR("fec0::/10"),     STR("ff00::/8"),
};

bool endpoint_may_connect(const struct endpoint_rules *rules, const uint8_t address[16])
{
    struct network network;
    for (size_t i = 0; i < rules->internal_count; i++)
        if (network_has_bytes(&rules->internal[i], address)) return true;
    for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
        if (!network_parse(closed[i], &network) || network_has_bytes(&network, address))
            return false;
    return true;
}

static enum status refuse(struct error *error, const char *message)
{
    return error_set(error, STATUS_INVALID_VALUE, STR("url"), STR(ALLOWED), "%s", message);
}

enum status endpoint_check_url(const struct endpoint_rules *rules, struct str url,
                               struct arena *arena, struct error *error)
{
    struct http_url parts;
    struct network literal;
    if (!http_url_parse(url, arena, &parts)) return refuse(error, "is no URL that can be asked");
    if (!rules->plain_http && !str_equal(parts.scheme, STR("https")))
        return refuse(error, "is not https, and webhooks.plain_http is off");
    if (parts.has_user || parts.has_fragment)
        return refuse(error, "has a user, a password or a fragment");
    if (str_equal_ignore_case(parts.host, STR("localhost")) && rules->internal_count == 0)
        return refuse(
            error, "leads to an internal address that webhooks.internal_networks does not allow");
    if (network_parse(parts.host, &literal) && !endpoint_may_connect(rules, literal.address))
        return refuse(
            error, "leads to an internal address that webhooks.internal_networks does not allow");
    return STATUS_OK;
}
