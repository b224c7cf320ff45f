#include "engines/http/url.h"

#include <curl/curl.h>

#include "engines/http/client.h"

static bool get_part(CURLU *parts, CURLUPart part, struct arena *arena, struct str *text)
{
    char *value = NULL;
    *text = STR_NONE;
    if (curl_url_get(parts, part, &value, 0) != CURLUE_OK) return false;
    *text = arena_str(arena, str_from_cstr(value));
    curl_free(value);
    return !str_is_none(*text);
}

static bool has_part(CURLU *parts, CURLUPart part)
{
    char *value = NULL;
    bool has = curl_url_get(parts, part, &value, 0) == CURLUE_OK;
    curl_free(value);
    return has;
}

/* An address in brackets comes without them. */
static struct str bare(struct str host)
{
    return str_starts_with(host, STR("[")) && str_ends_with(host, STR("]"))
               ? str_of(host.ptr + 1, host.len - 2)
               : host;
}

bool http_url_parse(struct str text, struct arena *arena, struct http_url *url)
{
    char *line = arena_cstr(arena, text);
    if (!line || str_find_char(text, '\0') >= 0 || !http_client_takes(text)) return false;
    CURLU *parts = curl_url();
    bool fine = parts && curl_url_set(parts, CURLUPART_URL, line, 0) == CURLUE_OK &&
                get_part(parts, CURLUPART_SCHEME, arena, &url->scheme) &&
                get_part(parts, CURLUPART_HOST, arena, &url->host);
    if (fine) {
        url->host = bare(url->host);
        url->has_user = has_part(parts, CURLUPART_USER) || has_part(parts, CURLUPART_PASSWORD);
        url->has_fragment = has_part(parts, CURLUPART_FRAGMENT);
    }
    curl_url_cleanup(parts);
    return fine;
}
