#include "application/suppressed_points.h"

#include <string.h>

#include "application/suppressions.h"
#include "base/identifier.h"
#include "domain/consent.h"

struct points {
    const struct application *application;
    struct arena *arena;
    struct str *hashes;
    struct str *texts;
    size_t count;
};

static bool add_point(struct points *points, struct str text)
{
    if (str_is_none(text)) return true;
    struct str hash = suppressions_hash(points->application, text, points->arena);
    points->hashes[points->count] = hash;
    points->texts[points->count++] = text;
    return !str_is_none(hash);
}

enum status suppressed_points_of(const struct application *application, const struct golden *golden,
                                 struct arena *arena, struct str **hashes, struct str **texts,
                                 size_t *count)
{
    const struct json_value *emails = json_get(golden->attributes, STR("emails"));
    const struct json_value *phones = json_get(golden->attributes, STR("phones"));
    size_t room =
        (emails ? emails->count : 0) + (phones ? phones->count : 0) + 2 * golden->contacts->count;
    struct points points = {.application = application,
                            .arena = arena,
                            .hashes = ARENA_NEW_ARRAY(arena, struct str, room),
                            .texts = ARENA_NEW_ARRAY(arena, struct str, room)};
    bool fits = points.hashes && points.texts;
    for (size_t i = 0; fits && emails && i < emails->count; i++)
        fits = add_point(&points, json_text(&emails->items[i]));
    for (size_t i = 0; fits && phones && i < phones->count; i++)
        fits = add_point(&points, json_text(&phones->items[i]));
    for (size_t i = 0; fits && i < golden->contacts->count; i++) {
        const struct json_value *contact = &golden->contacts->items[i];
        fits = add_point(&points, json_text(json_get(contact, STR("email")))) &&
               add_point(&points, json_text(json_get(contact, STR("phone"))));
    }
    *hashes = points.hashes;
    *texts = points.texts;
    *count = points.count;
    return fits ? STATUS_OK : STATUS_OUT_OF_MEMORY;
}

bool suppressed_points_is_of(struct str point, struct str channel)
{
    const struct consent_channel *row = consent_channel_find(channel);
    bool is_mail = str_find_char(point, '@') >= 0;
    return row && is_mail == (row->point == SHAPE_EMAIL);
}

static bool make_revocation(struct json_value *body, struct str channel, struct str point,
                            struct arena *arena)
{
    *body = json_make_object();
    return json_object_set(body, STR("type"), json_make_string(channel), arena) &&
           json_object_set(body, STR("status"), json_make_string(STR("REVOKED")), arena) &&
           json_object_set(body, STR("contactPoint"), json_make_string(point), arena) &&
           json_object_set(body, STR("source"), json_make_string(STR("suppression")), arena);
}

enum status suppressed_points_revoke(struct application *application, struct str point, instant now,
                                     struct arena *arena,
                                     struct fact facts[SUPPRESSED_CHANNELS_MAX], size_t *count,
                                     struct error *error)
{
    static const struct str mail_channels[] = {STR("EMAIL"), STR_NONE};
    static const struct str phone_channels[] = {STR("SMS"), STR("CALL"), STR_NONE};
    const struct str *channel = str_find_char(point, '@') >= 0 ? mail_channels : phone_channels;
    *count = 0;
    for (; !str_is_none(*channel); channel++) {
        struct json_value body;
        struct fact *fact = &facts[(*count)++];
        *fact = (struct fact){.kind = FACT_CONSENT, .source = STR("suppression")};
        fact->subject = identifier_new(application->environment, STR("CONS"), arena);
        if (str_is_none(fact->subject) || !make_revocation(&body, *channel, point, arena))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
        TRY(consent_parse(&body, now, arena, &fact->body, error));
    }
    return STATUS_OK;
}

/* The points that are new with this change. */
static enum status fresh_points(struct customer_change *change, struct str **hashes,
                                struct str **texts, size_t *count)
{
    struct golden after;
    struct str *old, *old_texts;
    size_t old_count, total;
    TRY(golden_record(&change->tree, change->policy, change->arena, &after));
    TRY(suppressed_points_of(change->application, &change->golden, change->arena, &old, &old_texts,
                             &old_count));
    TRY(suppressed_points_of(change->application, &after, change->arena, hashes, texts, &total));
    *count = 0;
    for (size_t i = 0; i < total; i++) {
        if (str_is_among(old, old_count, (*hashes)[i])) continue;
        (*hashes)[*count] = (*hashes)[i];
        (*texts)[(*count)++] = (*texts)[i];
    }
    return STATUS_OK;
}

enum status suppressed_points_apply(struct customer_change *change, struct str home,
                                    struct error *error)
{
    struct str *hashes, *texts;
    size_t count;
    if (fresh_points(change, &hashes, &texts, &count) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (count == 0) return STATUS_OK;
    bool *found = ARENA_NEW_ARRAY(change->arena, bool, count);
    if (!found) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(store_suppression_find(change->session, hashes, count, found, error));
    for (size_t i = 0; i < count; i++) {
        if (!found[i]) continue;
        struct fact facts[SUPPRESSED_CHANNELS_MAX];
        size_t fact_count;
        TRY(suppressed_points_revoke(change->application, texts[i], change->now, change->arena,
                                     facts, &fact_count, error));
        for (size_t f = 0; f < fact_count; f++) {
            facts[f].home = home;
            TRY(customer_change_append(change, &facts[f], error));
        }
    }
    return STATUS_OK;
}
