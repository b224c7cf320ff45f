/* A URL taken apart as the client that will ask it takes it apart (libcurl): two parsers that
 * disagree on where the host ends are a hole.
 */
#ifndef ENGINES_HTTP_URL_H
#define ENGINES_HTTP_URL_H

#include "base/arena.h"

struct http_url {
    struct str scheme; /* lower case */
    struct str host;   /* as it will be resolved; numbers are written as an address */
    bool has_user;     /* or password */
    bool has_fragment;
};

/* False when it is none, or none of http and https. The texts live in the arena. */
bool http_url_parse(struct str text, struct arena *arena, struct http_url *url);

#endif
