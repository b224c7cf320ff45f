#include "application/suppressed_points.h"

#include <string.h>

#include "application/suppressions.h"
#include "base/identifier.h"

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

/* Hashes that the list is asked for: of a contact point, or of all that a customer has for a
 * channel, which many questions of one customer share. */
struct lookup {
    const struct golden *golden; /* NULL: of a contact point */
    struct str channel;
    struct str *hashes;
    size_t count;
    bool any_found;
};

struct lookups {
    const struct application *application;
    struct arena *arena;
    struct lookup *items;
    size_t count;
};

static enum status hash_point(const struct lookups *lookups, struct str point,
                              struct lookup *lookup)
{
    struct str hash = suppressions_hash(lookups->application, point, lookups->arena);
    lookup->hashes = ARENA_NEW(lookups->arena, struct str);
    if (!lookup->hashes || str_is_none(hash)) return STATUS_OUT_OF_MEMORY;
    *lookup->hashes = hash;
    lookup->count = 1;
    return STATUS_OK;
}

static enum status hash_customer(const struct lookups *lookups, struct lookup *lookup)
{
    struct str *texts;
    size_t total;
    TRY(suppressed_points_of(lookups->application, lookup->golden, lookups->arena, &lookup->hashes,
                             &texts, &total));
    for (size_t i = 0; i < total; i++)
        if (suppressed_points_is_of(texts[i], lookup->channel))
            lookup->hashes[lookup->count++] = lookup->hashes[i];
    return STATUS_OK;
}

static struct lookup *find_lookup(const struct lookups *lookups, const struct golden *golden,
                                  struct str channel)
{
    for (size_t i = lookups->count; golden && i > 0; i--) /* most often the last one */
        if (lookups->items[i - 1].golden == golden &&
            str_equal(lookups->items[i - 1].channel, channel))
            return &lookups->items[i - 1];
    return NULL;
}

static enum status look_up(struct lookups *lookups, const struct suppressed_question *asked,
                           struct lookup **lookup)
{
    const struct consent_question *question = asked->question;
    bool of_point = !str_is_none(question->contact_point);
    const struct golden *golden = of_point ? NULL : asked->golden;
    *lookup = find_lookup(lookups, golden, question->channel);
    if (*lookup) return STATUS_OK;
    *lookup = &lookups->items[lookups->count++];
    **lookup = (struct lookup){.golden = golden, .channel = question->channel};
    if (of_point) return hash_point(lookups, question->contact_point, *lookup);
    return golden ? hash_customer(lookups, *lookup) : STATUS_OK;
}

static enum status ask_list(const struct lookups *lookups, struct store_session *session,
                            struct error *error)
{
    size_t total = 0, at = 0;
    for (size_t i = 0; i < lookups->count; i++) total += lookups->items[i].count;
    if (total == 0) return STATUS_OK;
    bool *found = ARENA_NEW_ARRAY(lookups->arena, bool, total);
    struct str *all = ARENA_NEW_ARRAY(lookups->arena, struct str, total);
    if (!all || !found) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < lookups->count; i++)
        for (size_t h = 0; h < lookups->items[i].count; h++)
            all[at++] = lookups->items[i].hashes[h];
    TRY(store_suppression_find(session, all, total, found, error));
    at = 0;
    for (size_t i = 0; i < lookups->count; i++)
        for (size_t h = 0; h < lookups->items[i].count; h++)
            lookups->items[i].any_found = found[at++] || lookups->items[i].any_found;
    return STATUS_OK;
}

enum status suppressed_points_ask(const struct application *application,
                                  struct store_session *session, struct suppressed_question *asked,
                                  size_t count, struct arena *arena, struct error *error)
{
    struct lookups lookups = {.application = application,
                              .arena = arena,
                              .items = ARENA_NEW_ARRAY(arena, struct lookup, count)};
    struct lookup **of = ARENA_NEW_ARRAY(arena, struct lookup *, count);
    if (!lookups.items || !of) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++)
        if (look_up(&lookups, &asked[i], &of[i]) != STATUS_OK)
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(ask_list(&lookups, session, error));
    for (size_t i = 0; i < count; i++) asked[i].suppressed = of[i]->any_found;
    return STATUS_OK;
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

static bool add_points(struct points *points, const struct json_value *list)
{
    for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->count; i++)
        if (!add_point(points, json_text(&list->items[i]))) return false;
    return true;
}

static size_t length_of(const struct json_value *list)
{
    return list && list->type == JSON_ARRAY ? list->count : 0;
}

/* The points that the facts of this change name. */
static enum status points_said(const struct customer_change *change, struct points *points)
{
    const struct tree *tree = &change->tree;
    const struct fact *facts = tree->facts + tree->fact_count - change->appended;
    size_t room = 0;
    for (size_t i = 0; i < change->appended; i++)
        room += 2 + length_of(json_get(facts[i].body, STR("emails"))) +
                length_of(json_get(facts[i].body, STR("phones")));
    *points = (struct points){.application = change->application,
                              .arena = change->arena,
                              .hashes = ARENA_NEW_ARRAY(change->arena, struct str, room),
                              .texts = ARENA_NEW_ARRAY(change->arena, struct str, room)};
    if (!points->hashes || !points->texts) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < change->appended; i++) {
        const struct json_value *body = facts[i].body;
        bool is_contact = facts[i].kind == FACT_CONTACT;
        if (!is_contact && facts[i].kind != FACT_ASSERTION) continue;
        bool fits = is_contact ? add_point(points, json_text(json_get(body, STR("email")))) &&
                                     add_point(points, json_text(json_get(body, STR("phone"))))
                               : add_points(points, json_get(body, STR("emails"))) &&
                                     add_points(points, json_get(body, STR("phones")));
        if (!fits) return STATUS_OUT_OF_MEMORY;
    }
    return STATUS_OK;
}

/* Each suppressed point once, a fact for each of its channels. */
static enum status revocations_of(const struct customer_change *change, const struct points *points,
                                  const bool *suppressed, struct fact *facts, size_t *count,
                                  struct error *error)
{
    *count = 0;
    for (size_t i = 0; i < points->count; i++) {
        size_t added;
        if (!suppressed[i] || str_is_among(points->hashes, i, points->hashes[i])) continue;
        TRY(suppressed_points_revoke(change->application, points->texts[i], change->now,
                                     change->arena, facts + *count, &added, error));
        *count += added;
    }
    return STATUS_OK;
}

static enum status ask_which_stand(const struct customer_change *change, const struct fact *facts,
                                   size_t count, bool *stands)
{
    struct consent_question *questions =
        ARENA_NEW_ARRAY(change->arena, struct consent_question, count);
    if (!questions) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const struct json_value *body = facts[i].body;
        struct str channel = json_text(json_get(body, STR("type")));
        questions[i] = (struct consent_question){
            .channel = channel,
            .purpose = json_text(json_get(body, STR("purpose"))),
            .contact_point = consent_contact_point(
                channel, json_text(json_get(body, STR("contactPoint"))), change->arena),
            .as_of = change->now};
        if (str_is_none(questions[i].contact_point)) return STATUS_OUT_OF_MEMORY;
    }
    return consent_stands_revoked(&change->tree, questions, count, change->arena, stands);
}

/* That a suppressed point is named again is no act of anybody's: a revocation that stands says all,
 * and one more for every home with each change would fill the customer. */
static enum status revoke(struct customer_change *change, const struct points *points,
                          const bool *suppressed, struct error *error)
{
    size_t room = 0, count;
    for (size_t i = 0; i < points->count; i++) room += suppressed[i] ? SUPPRESSED_CHANNELS_MAX : 0;
    if (room == 0) return STATUS_OK;
    struct fact *facts = ARENA_NEW_ARRAY(change->arena, struct fact, room);
    bool *stands = ARENA_NEW_ARRAY(change->arena, bool, room);
    if (!facts || !stands) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(revocations_of(change, points, suppressed, facts, &count, error));
    if (ask_which_stand(change, facts, count, stands) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++)
        if (!stands[i]) TRY(customer_change_append_consent(change, &facts[i], error));
    return STATUS_OK;
}

enum status suppressed_points_apply(struct customer_change *change, struct error *error)
{
    struct points points;
    if (points_said(change, &points) != STATUS_OK) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (points.count == 0) return STATUS_OK;
    bool *found = ARENA_NEW_ARRAY(change->arena, bool, points.count);
    if (!found) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(store_suppression_find(change->session, points.hashes, points.count, found, error));
    return revoke(change, &points, found, error);
}
