/* To which homes contact points belong: see consent_holders.h.
 *
 * A spelling is made canonical, looked up among the points and forgotten again; what is kept is a
 * mention for each that is one of them. In order of point and home, the mentions say which home
 * holds what: a list by the latest that was said of the point, a contact by what it has now. */
#include "domain/consent_holders.h"

#include <stdlib.h>

#include "domain/consent.h"

enum mention_kind { ASSERTS, RETRACTS, IN_CONTACT };

/* A point stands in a fact. */
struct mention {
    const struct consent_point *point;
    const struct fact *fact;
    int32_t home;
    enum mention_kind kind;
};

struct search {
    const struct tree *tree;
    struct consent_point *points; /* of one channel */
    size_t point_count;
    const struct consent_channel *channel;
    struct arena *arena;
    struct mention *mentions;
    size_t mention_count;
    size_t mention_room;
};

/* ---- the points ---- */

static int compare_points(const void *a, const void *b)
{
    const struct consent_point *left = a, *right = b;
    int order = str_compare(left->channel, right->channel);
    return order ? order : str_compare(left->text, right->text);
}

size_t consent_holders_sort(struct consent_point *points, size_t count)
{
    size_t kept = 0;
    if (count > 1) qsort(points, count, sizeof(points[0]), compare_points);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || compare_points(&points[kept - 1], &points[i]) != 0)
            points[kept++] = points[i];
    return kept;
}

struct consent_point *consent_holders_point(struct consent_point *points, size_t count,
                                            struct str channel, struct str text)
{
    struct consent_point wanted = {.channel = channel, .text = text};
    if (count == 0) return NULL;
    return bsearch(&wanted, points, count, sizeof(points[0]), compare_points);
}

/* ---- mentions ---- */

static enum status add_mention(struct search *search, struct mention mention)
{
    if (mention.home < 0) return STATUS_OK;
    if (search->mention_count == search->mention_room) {
        size_t old = search->mention_room, room = old ? 2 * old : 16;
        struct mention *grown = arena_realloc(search->arena, search->mentions,
                                              old * sizeof(mention), room * sizeof(mention));
        if (!grown) return STATUS_OUT_OF_MEMORY;
        search->mentions = grown;
        search->mention_room = room;
    }
    search->mentions[search->mention_count++] = mention;
    return STATUS_OK;
}

static enum status note_text(struct search *search, const struct fact *fact, struct str raw,
                             enum mention_kind kind)
{
    struct arena_mark mark = arena_mark(search->arena);
    struct str name = search->channel->name;
    struct str text = consent_contact_point(name, raw, search->arena);
    if (str_is_none(text)) return STATUS_OUT_OF_MEMORY;
    const struct consent_point *point =
        consent_holders_point(search->points, search->point_count, name, text);
    arena_rewind(search->arena, mark); /* the facts are many, those with the points few */
    if (!point) return STATUS_OK;
    int32_t home = tree_find_home(search->tree, fact->home);
    return add_mention(search, (struct mention){point, fact, home, kind});
}

static enum status note_list(struct search *search, const struct fact *fact,
                             const struct json_value *list, enum mention_kind kind)
{
    for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->count; i++)
        TRY(note_text(search, fact, json_text(&list->items[i]), kind));
    return STATUS_OK;
}

static enum status note_assertions(struct search *search)
{
    struct str name = search->channel->profile_list;
    for (size_t i = 0; i < search->tree->fact_count; i++) {
        const struct fact *fact = &search->tree->facts[i];
        if (fact->kind != FACT_ASSERTION || !tree_counts(search->tree, fact)) continue;
        const struct json_value *retracted = json_get(fact->body, STR("retract"));
        TRY(note_list(search, fact, json_get(fact->body, name), ASSERTS));
        TRY(note_list(search, fact, json_get(retracted, name), RETRACTS));
    }
    return STATUS_OK;
}

static bool same_contact(const struct fact *a, const struct fact *b)
{
    return str_equal(a->home, b->home) && str_equal(a->subject, b->subject);
}

/* By contact; of one, in the order of the tree, in whose array both are. */
static int compare_contacts(const void *a, const void *b)
{
    const struct fact *left = *(const struct fact *const *)a;
    const struct fact *right = *(const struct fact *const *)b;
    int order = str_compare(left->home, right->home);
    if (order == 0) order = str_compare(left->subject, right->subject);
    return order ? order : (left > right) - (left < right);
}

/* The facts that say something of the contacts' points, in order of compare_contacts. */
static enum status contacts_of(const struct search *search, const struct fact ***facts,
                               size_t *count)
{
    const struct tree *tree = search->tree;
    size_t room = 0;
    *count = 0;
    for (size_t i = 0; i < tree->fact_count; i++) room += tree->facts[i].kind == FACT_CONTACT;
    *facts = ARENA_NEW_ARRAY(search->arena, const struct fact *, room);
    if (!*facts) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < tree->fact_count; i++) {
        const struct fact *fact = &tree->facts[i];
        if (fact->kind == FACT_CONTACT && (json_get(fact->body, search->channel->contact_member) ||
                                           json_get(fact->body, STR("removed"))))
            (*facts)[(*count)++] = fact;
    }
    if (*count > 1) qsort(*facts, *count, sizeof(**facts), compare_contacts);
    return STATUS_OK;
}

/* The last that was said of a contact is what it has. */
static enum status note_contacts(struct search *search)
{
    const struct fact **facts;
    size_t count;
    TRY(contacts_of(search, &facts, &count));
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && same_contact(facts[i], facts[i + 1])) continue;
        struct str text = json_text(json_get(facts[i]->body, search->channel->contact_member));
        if (!str_is_none(text)) TRY(note_text(search, facts[i], text, IN_CONTACT));
    }
    return STATUS_OK;
}

/* ---- what the mentions say ---- */

static int compare_mentions(const void *a, const void *b)
{
    const struct mention *left = a, *right = b;
    if (left->point != right->point) return left->point < right->point ? -1 : 1;
    return (left->home > right->home) - (left->home < right->home);
}

static bool is_later(const struct fact *a, const struct fact *b)
{
    if (!b || a->observed_at != b->observed_at) return !b || a->observed_at > b->observed_at;
    return a->recorded_at > b->recorded_at;
}

/* The mentions of one point in one home. At the same time, a retraction wins. */
static bool holds(const struct mention *mentions, size_t count)
{
    const struct fact *asserted = NULL, *retracted = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct mention *mention = &mentions[i];
        if (mention->kind == IN_CONTACT) return true;
        const struct fact **latest = mention->kind == ASSERTS ? &asserted : &retracted;
        if (is_later(mention->fact, *latest)) *latest = mention->fact;
    }
    return asserted && is_later(asserted, retracted);
}

/* Room for the homes of all points is one array: they are found in order of the points. */
static enum status conclude(struct search *search)
{
    struct mention *mentions = search->mentions;
    size_t count = search->mention_count, length;
    int32_t *homes = ARENA_NEW_ARRAY(search->arena, int32_t, count);
    if (!homes) return STATUS_OUT_OF_MEMORY;
    if (count > 1) qsort(mentions, count, sizeof(mentions[0]), compare_mentions);
    for (size_t i = 0; i < count; i += length) {
        struct consent_point *point = &search->points[mentions[i].point - search->points];
        for (length = 1;
             i + length < count && compare_mentions(&mentions[i], &mentions[i + length]) == 0;)
            length++;
        if (!holds(&mentions[i], length)) continue;
        if (point->home_count == 0) point->homes = homes;
        *homes++ = mentions[i].home;
        point->home_count++;
    }
    return STATUS_OK;
}

static enum status find_of_channel(const struct tree *tree, struct consent_point *points,
                                   size_t count, struct arena *arena)
{
    struct search search = {.tree = tree,
                            .points = points,
                            .point_count = count,
                            .channel = consent_channel_find(points->channel),
                            .arena = arena};
    if (!search.channel) return STATUS_OK;
    TRY(note_assertions(&search));
    TRY(note_contacts(&search));
    return conclude(&search);
}

enum status consent_holders_find(const struct tree *tree, struct consent_point *points,
                                 size_t count, struct arena *arena)
{
    size_t length;
    for (size_t i = 0; i < count; i += length) {
        for (length = 1;
             i + length < count && str_equal(points[i].channel, points[i + length].channel);)
            length++;
        TRY(find_of_channel(tree, &points[i], length, arena));
    }
    return STATUS_OK;
}
