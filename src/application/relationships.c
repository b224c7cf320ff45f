#include "application/relationships.h"

#include <stdio.h>
#include <string.h>

#include "application/customer_change.h"
#include "application/related.h"
#include "base/identifier.h"

struct relating {
    struct customer_change change;
    struct str customer_id;
    struct str relationship_id;
    struct str other;
    struct json_value *fact_body;
    struct link link;
    bool suspended;
    int64_t version; /* of the customer that is addressed */
};

/* Seen from `root`: direction, type as it reads from there, and the other end. */
static void write_link(struct json_writer *writer, const struct link *link, struct str root,
                       bool suspended)
{
    bool outgoing = str_equal(link->home_root, root);
    const struct relationship_type *type = relationship_type_find(link->type);
    struct str name = type && !outgoing ? type->inverse : link->type;
    struct str given = outgoing ? link->object : link->home;
    struct str other = outgoing ? link->object_root : link->home_root;
    json_object_begin(writer);
    json_member_string(writer, STR("relationshipId"), link->relationship_id);
    json_member_string(writer, STR("type"), name);
    json_member_string(writer, STR("direction"), outgoing ? STR("OUT") : STR("IN"));
    json_member_string(writer, STR("customerId"), other);
    if (!str_equal(given, other)) json_member_string(writer, STR("givenCustomerId"), given);
    json_member_string(writer, STR("from"), json_text(json_get(link->body, STR("from"))));
    json_member_string(writer, STR("to"), json_text(json_get(link->body, STR("to"))));
    json_key(writer, STR("suspended"));
    json_boolean(writer, suspended);
    json_object_end(writer);
}

struct relation_reading {
    struct application *application;
    struct str customer_id;
    size_t customers_max;
    struct arena *arena;
    struct profile_row row;
    struct link *links;
    size_t count;
    struct hierarchy hierarchy;
};

/* As it is today. */
static enum status load_hierarchy(struct relation_reading *reading, struct store_session *session,
                                  struct error *error)
{
    struct environment *environment = reading->application->environment;
    struct str today = related_day(environment->now(environment), reading->arena);
    if (str_is_none(today)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return related_load(session, reading->row.customer_id, RELATED_ON, today,
                        reading->customers_max, reading->arena, &reading->hierarchy, error);
}

static enum status list_body(struct store_session *session, void *context, struct error *error)
{
    struct relation_reading *reading = context;
    bool hierarchical = false;
    reading->hierarchy = (struct hierarchy){0};
    TRY(customer_get_root(session, reading->customer_id, STORE_NO_LOCK, reading->arena,
                          &reading->row, error));
    TRY(related_links(session, reading->row.customer_id, reading->arena, &reading->links,
                      &reading->count, error));
    for (size_t i = 0; i < reading->count; i++) {
        const struct relationship_type *type = relationship_type_find(reading->links[i].type);
        hierarchical = hierarchical || (type && type->hierarchical);
    }
    if (!hierarchical) return STATUS_OK;
    return load_hierarchy(reading, session, error);
}

static bool is_suspended(const struct hierarchy *hierarchy, struct str relationship_id)
{
    for (size_t i = 0; i < hierarchy->edge_count; i++)
        if (str_equal(hierarchy->edges[i].relationship_id, relationship_id))
            return hierarchy->edges[i].suspended;
    return false;
}

static enum status read_relations(struct relation_reading *reading, struct application *application,
                                  const struct caller *caller, struct str customer_id,
                                  struct arena *arena, struct error *error)
{
    *reading = (struct relation_reading){.application = application,
                                         .customer_id = customer_id,
                                         .customers_max = HIERARCHY_CUSTOMERS_MAX,
                                         .arena = arena};
    return store_read(application->store, caller->tenant, arena, list_body, reading, error);
}

static void write_relation(struct json_writer *writer, const struct relation_reading *reading,
                           const struct link *link)
{
    write_link(writer, link, reading->row.customer_id,
               is_suspended(&reading->hierarchy, link->relationship_id));
}

enum status relationships_list(struct application *application, const struct caller *caller,
                               struct str customer_id, const struct page_request *request,
                               struct arena *arena, struct json_page *page, struct error *error)
{
    struct relation_reading reading;
    struct results_slice slice;
    TRY(read_relations(&reading, application, caller, customer_id, arena, error));
    struct str *keys = ARENA_NEW_ARRAY(arena, struct str, reading.count);
    if (!keys) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < reading.count; i++) keys[i] = reading.links[i].relationship_id;
    TRY(results_slice(application, request, keys, reading.count, arena, &slice, error));
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    results_page_begin(&writer);
    for (size_t i = slice.begin; i < slice.end; i++)
        write_relation(&writer, &reading, &reading.links[i]);
    results_page_end(&writer, slice.next);
    *page = (struct json_page){.body = buffer_str(&out), .next = slice.next};
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

enum status relationships_get(struct application *application, const struct caller *caller,
                              struct str customer_id, struct str relationship_id,
                              struct arena *arena, struct str *json, struct error *error)
{
    struct relation_reading reading;
    TRY(read_relations(&reading, application, caller, customer_id, arena, error));
    size_t at = 0;
    while (at < reading.count && !str_equal(reading.links[at].relationship_id, relationship_id))
        at++;
    if (at == reading.count) return error_plain(error, STATUS_RELATIONSHIP_NOT_FOUND);
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    write_relation(&writer, &reading, &reading.links[at]);
    *json = buffer_str(&out);
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* The other end must be a customer; it may be merged, and then stands for its survivor. */
static enum status find_other(struct relating *relating, struct str *other_root,
                              struct error *error)
{
    struct customer_change *change = &relating->change;
    struct profile_row row, root;
    enum status status = store_profile_get(change->session, relating->other, STORE_NO_LOCK,
                                           change->arena, &row, error);
    if (status == STATUS_OK && row.erased_at != INSTANT_NONE) status = STATUS_CUSTOMER_ERASED;
    if (status == STATUS_CUSTOMER_NOT_FOUND || status == STATUS_CUSTOMER_ERASED)
        return error_set(error, status, STR("customerId"), STR("the id of a customer"), "%.*s",
                         STR_ARGS(status_meaning(status)));
    TRY(status);
    TRY(customer_root(change->session, &row, change->arena, &root, error));
    *other_root = root.customer_id;
    if (!str_equal(root.customer_id, change->row.customer_id)) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR("customerId"), STR("another customer"),
                     "a customer has no relationship with itself");
}

static enum status check_room(const struct relating *relating, struct error *error)
{
    const struct customer_change *change = &relating->change;
    size_t count = 0;
    for (size_t i = 0; i < change->tree.fact_count; i++) {
        const struct fact *fact = &change->tree.facts[i];
        if (fact->kind != FACT_RELATIONSHIP) continue;
        /* One fact begins a relationship and another may end it: those that stand count. */
        if (!json_get(fact->body, STR("removed")))
            count++;
        else if (count > 0)
            count--;
        if (str_equal(fact->subject, relating->relationship_id))
            return error_set(error, STATUS_INVALID_VALUE, STR("relationshipId"),
                             STR("an id that the customer has not used yet, or none"),
                             "the relationshipId is taken");
    }
    if (count < change->application->limits.relationships_max) return STATUS_OK;
    return results_exceeded(error, STR(""), change->application->limits.relationships_max,
                            "relationships of a customer");
}

/* The last fact of the relationship in the tree; NULL when there is none or it was ended. */
static const struct fact *standing_fact(const struct tree *tree, struct str relationship_id)
{
    for (size_t i = tree->fact_count; i-- > 0;) {
        const struct fact *fact = &tree->facts[i];
        if (fact->kind == FACT_RELATIONSHIP && str_equal(fact->subject, relationship_id))
            return json_get(fact->body, STR("removed")) ? NULL : fact;
    }
    return NULL;
}

/* What this home says already, to the last date, is not said twice. Other homes of the tree may: an
 * unmerge leaves each with what was said of it. */
static enum status check_new(const struct relating *relating, struct error *error)
{
    const struct customer_change *change = &relating->change;
    for (size_t i = 0; i < change->tree.fact_count; i++) {
        const struct fact *fact = &change->tree.facts[i];
        if (fact->kind != FACT_RELATIONSHIP || !str_equal(fact->object, relating->other) ||
            !str_equal(fact->home, change->row.customer_id) ||
            !json_equal(fact->body, relating->fact_body) ||
            standing_fact(&change->tree, fact->subject) != fact)
            continue;
        return error_set(error, STATUS_RELATIONSHIP_EXISTS, STR("customerId"),
                         STR("one that is not there yet: of another type, customer or time"),
                         "the relationship is there already, as %.*s", STR_ARGS(fact->subject));
    }
    return STATUS_OK;
}

static enum status closes_cycle(const struct hierarchy *hierarchy,
                                const struct hierarchy_edge *edge, struct str day,
                                struct hierarchy_edge *held, struct arena *arena, bool *cycle)
{
    size_t count = hierarchy_on(hierarchy->edges, hierarchy->edge_count, day, held);
    TRY(hierarchy_suspend_cycles(held, count, arena));
    return hierarchy_would_cycle(held, count, edge->parent, edge->child, arena, cycle);
}

/* Edges that make a cycle do so on the day on which the last of them begins. */
static enum status closes_cycle_ever(const struct hierarchy *hierarchy,
                                     const struct hierarchy_edge *edge, struct str today,
                                     struct arena *arena, bool *cycle)
{
    struct hierarchy_edge *held =
        ARENA_NEW_ARRAY(arena, struct hierarchy_edge, hierarchy->edge_count);
    bool later = !str_is_none(edge->from) && str_compare(edge->from, today) > 0;
    struct str first = later ? edge->from : today;
    *cycle = false;
    if (!held) return STATUS_OUT_OF_MEMORY;
    if (!str_is_none(edge->to) && str_compare(edge->to, first) < 0) return STATUS_OK;
    TRY(closes_cycle(hierarchy, edge, first, held, arena, cycle));
    for (size_t i = 0; i < hierarchy->edge_count && !*cycle; i++) {
        struct str day = hierarchy->edges[i].from;
        bool in_time = !str_is_none(day) && str_compare(day, first) > 0 &&
                       (str_is_none(edge->to) || str_compare(day, edge->to) <= 0);
        if (in_time) TRY(closes_cycle(hierarchy, edge, day, held, arena, cycle));
    }
    return STATUS_OK;
}

/* Hierarchies are changed one at a time within a tenant, for two edges that make a cycle may be put
 * between four customers. */
static enum status check_cycle(struct relating *relating, struct str other_root,
                               struct error *error)
{
    struct customer_change *change = &relating->change;
    static const struct str key = STR("hierarchy");
    struct hierarchy hierarchy;
    struct hierarchy_edge edge = {.from = json_text(json_get(relating->fact_body, STR("from"))),
                                  .to = json_text(json_get(relating->fact_body, STR("to")))};
    if (!relationship_edge(json_text(json_get(relating->fact_body, STR("type"))),
                           change->row.customer_id, other_root, &edge))
        return STATUS_OK;
    TRY(store_keys_lock(change->session, &key, 1, error));
    struct str today = related_day(change->now, change->arena);
    if (str_is_none(today)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(related_load(change->session, change->row.customer_id, RELATED_FROM, today,
                     HIERARCHY_CUSTOMERS_MAX, change->arena, &hierarchy, error));
    if (hierarchy.truncated)
        return results_exceeded(error, STR(""), HIERARCHY_CUSTOMERS_MAX,
                                "customers of a hierarchy");
    bool cycle;
    if (closes_cycle_ever(&hierarchy, &edge, today, change->arena, &cycle) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (!cycle) return STATUS_OK;
    return error_set(error, STATUS_HIERARCHY_CYCLE, STR("customerId"),
                     STR("a customer that is not above or below this one already"),
                     "the relationship would make the hierarchy a cycle");
}

static enum status add_body(struct store_session *session, void *context, struct error *error)
{
    struct relating *relating = context;
    struct customer_change *change = &relating->change;
    struct fact fact = {.kind = FACT_RELATIONSHIP,
                        .subject = relating->relationship_id,
                        .object = relating->other,
                        .body = relating->fact_body};
    struct str other_root = STR_NONE;
    change->session = session;
    TRY(customer_change_open(change, relating->customer_id, IF_MATCH_ANY, error));
    TRY(check_room(relating, error));
    TRY(find_other(relating, &other_root, error));
    TRY(check_new(relating, error));
    TRY(check_cycle(relating, other_root, error));
    TRY(customer_change_append(change, &fact, error));
    relating->link = (struct link){.relationship_id = relating->relationship_id,
                                   .home = change->row.customer_id,
                                   .object = relating->other,
                                   .home_root = change->row.customer_id,
                                   .object_root = other_root,
                                   .type = json_text(json_get(relating->fact_body, STR("type"))),
                                   .body = relating->fact_body};
    return customer_change_close(change, STR("RELATIONSHIP"), STR("relationships"), error);
}

static struct relating relating_of(struct application *application, const struct caller *caller,
                                   struct str customer_id, struct arena *arena)
{
    return (struct relating){
        .change = {.application = application,
                   .caller = caller,
                   .policy = application->policy_for(application, caller->tenant),
                   .arena = arena},
        .customer_id = customer_id};
}

enum status relationships_add(struct application *application, const struct caller *caller,
                              struct str customer_id, const struct json_value *body,
                              struct arena *arena, struct customer_part *out, struct error *error)
{
    struct relating relating = relating_of(application, caller, customer_id, arena);
    TRY(relationship_parse(body, arena, &relating.relationship_id, &relating.other,
                           &relating.fact_body, error));
    if (str_is_none(relating.relationship_id))
        relating.relationship_id = identifier_new(application->environment, STR("REL"), arena);
    if (str_is_none(relating.relationship_id)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(store_write(application->store, caller->tenant, arena, add_body, &relating, error));
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    write_link(&writer, &relating.link, relating.link.home_root, false);
    if (buffer_failed(&text)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *out = (struct customer_part){.id = relating.relationship_id,
                                  .version = relating.change.row.version,
                                  .json = buffer_str(&text)};
    return STATUS_OK;
}

/* The customer that holds the relationship: the addressed one, or the other end. Nothing is locked
 * yet. */
static enum status find_holder(struct relating *relating, char buffer[IDENTIFIER_MAX_BYTES],
                               struct str *holder, struct error *error)
{
    struct customer_change *change = &relating->change;
    struct arena_mark mark = arena_mark(change->arena);
    struct profile_row row;
    struct link *links;
    size_t count;
    *holder = STR_NONE;
    TRY(customer_get_root(change->session, relating->customer_id, STORE_NO_LOCK, change->arena,
                          &row, error));
    TRY(related_links(change->session, row.customer_id, change->arena, &links, &count, error));
    for (size_t i = 0; i < count; i++) {
        if (!str_equal(links[i].relationship_id, relating->relationship_id)) continue;
        if (str_is_none(*holder)) *holder = links[i].home_root;
        if (str_equal(links[i].home_root, row.customer_id)) *holder = row.customer_id;
    }
    /* One that no list shows, for its ends are one customer now, is still its holder's to end. */
    if (str_is_none(*holder)) *holder = row.customer_id;
    relating->version = row.version;
    memcpy(buffer, holder->ptr, holder->len);
    *holder = str_of(buffer, holder->len);
    arena_rewind(change->arena, mark);
    return STATUS_OK;
}

/* The other end is read before it is locked: what was merged or removed meanwhile is looked for
 * anew by whoever asks again. */
static enum status open_holder(struct relating *relating, struct str holder, struct error *error)
{
    enum status status = customer_change_open(&relating->change, holder, IF_MATCH_ANY, error);
    bool moved = status == STATUS_CUSTOMER_MERGED || status == STATUS_CUSTOMER_ERASED ||
                 status == STATUS_CUSTOMER_NOT_FOUND;
    if (moved && !str_equal(holder, relating->customer_id))
        return error_plain(error, STATUS_WRITE_CONFLICT);
    return status;
}

static enum status end_body(struct store_session *session, void *context, struct error *error)
{
    struct relating *relating = context;
    struct customer_change *change = &relating->change;
    struct json_value body = json_make_object();
    char buffer[IDENTIFIER_MAX_BYTES];
    struct str holder;
    change->session = session;
    TRY(find_holder(relating, buffer, &holder, error));
    TRY(open_holder(relating, holder, error));
    const struct fact *standing = standing_fact(&change->tree, relating->relationship_id);
    if (!standing) return error_plain(error, STATUS_RELATIONSHIP_NOT_FOUND);
    struct fact fact = {.home = standing->home,
                        .kind = FACT_RELATIONSHIP,
                        .subject = relating->relationship_id,
                        .object = standing->object,
                        .body = &body};
    if (!json_object_set(&body, STR("removed"), json_make_boolean(true), change->arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(customer_change_append(change, &fact, error));
    TRY(customer_change_close(change, STR("RELATIONSHIP"), STR("relationships"), error));
    if (str_equal(holder, relating->customer_id)) relating->version = change->row.version;
    return STATUS_OK;
}

enum status relationships_end(struct application *application, const struct caller *caller,
                              struct str customer_id, struct str relationship_id,
                              struct arena *arena, int64_t *version, struct error *error)
{
    struct relating relating = relating_of(application, caller, customer_id, arena);
    relating.relationship_id = relationship_id;
    TRY(store_write(application->store, caller->tenant, arena, end_body, &relating, error));
    *version = relating.version;
    return STATUS_OK;
}

static enum status hierarchy_body(struct store_session *session, void *context, struct error *error)
{
    struct relation_reading *reading = context;
    TRY(customer_get_root(session, reading->customer_id, STORE_NO_LOCK, reading->arena,
                          &reading->row, error));
    return load_hierarchy(reading, session, error);
}

static struct str name_of(const struct hierarchy *hierarchy, struct str customer_id)
{
    for (size_t i = 0; i < hierarchy->customer_count; i++)
        if (str_equal(hierarchy->customers[i], customer_id)) return hierarchy->names[i];
    return STR_NONE;
}

struct step {
    struct str customer_id;
    size_t depth;
};

static bool was_reached(const struct step *steps, size_t count, struct str customer_id)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(steps[i].customer_id, customer_id)) return true;
    return false;
}

/* Breadth first along the edges that are not suspended, upwards or downwards. */
static enum status write_walk(struct json_writer *writer, const struct hierarchy *hierarchy,
                              struct str start, bool up, size_t depth, struct arena *arena)
{
    struct step *steps = ARENA_NEW_ARRAY(arena, struct step, hierarchy->customer_count + 1);
    size_t count = 1;
    if (!steps) return STATUS_OUT_OF_MEMORY;
    steps[0].customer_id = start;
    json_key(writer, up ? STR("ancestors") : STR("descendants"));
    json_array_begin(writer);
    for (size_t at = 0; at < count && steps[at].depth < depth; at++) {
        for (size_t e = 0; e < hierarchy->edge_count; e++) {
            const struct hierarchy_edge *edge = &hierarchy->edges[e];
            struct str near = up ? edge->child : edge->parent;
            struct str far = up ? edge->parent : edge->child;
            if (edge->suspended || !str_equal(near, steps[at].customer_id) ||
                was_reached(steps, count, far) || count > hierarchy->customer_count)
                continue;
            steps[count++] = (struct step){far, steps[at].depth + 1};
            json_object_begin(writer);
            json_member_string(writer, STR("customerId"), far);
            json_member_string(writer, STR("name"), name_of(hierarchy, far));
            json_member_string(writer, up ? STR("parentOf") : STR("childOf"), near);
            json_member_string(writer, STR("relationshipId"), edge->relationship_id);
            json_key(writer, STR("depth"));
            json_int64(writer, (int64_t)steps[at].depth + 1);
            json_object_end(writer);
        }
    }
    json_array_end(writer);
    return STATUS_OK;
}

static void write_suspended(struct json_writer *writer, const struct hierarchy *hierarchy)
{
    json_key(writer, STR("suspended"));
    json_array_begin(writer);
    for (size_t e = 0; e < hierarchy->edge_count; e++) {
        const struct hierarchy_edge *edge = &hierarchy->edges[e];
        if (!edge->suspended) continue;
        json_object_begin(writer);
        json_member_string(writer, STR("parent"), edge->parent);
        json_member_string(writer, STR("child"), edge->child);
        json_member_string(writer, STR("relationshipId"), edge->relationship_id);
        json_object_end(writer);
    }
    json_array_end(writer);
    json_key(writer, STR("truncated"));
    json_boolean(writer, hierarchy->truncated);
}

enum status relationships_hierarchy(struct application *application, const struct caller *caller,
                                    struct str customer_id, enum hierarchy_direction direction,
                                    size_t depth, struct arena *arena, struct str *json,
                                    struct error *error)
{
    struct relation_reading reading = {.application = application,
                                       .customer_id = customer_id,
                                       .customers_max = HIERARCHY_CUSTOMERS_MAX,
                                       .arena = arena};
    if (depth < 1 || depth > HIERARCHY_DEPTH_MAX)
        return error_set(error, STATUS_INVALID_VALUE, STR("depth"), STR("1 to 32"),
                         "is not an allowed depth");
    TRY(store_read(application->store, caller->tenant, arena, hierarchy_body, &reading, error));
    struct str root = reading.row.customer_id;
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("customerId"), root);
    if (((direction & HIERARCHY_UP) &&
         write_walk(&writer, &reading.hierarchy, root, true, depth, arena) != STATUS_OK) ||
        ((direction & HIERARCHY_DOWN) &&
         write_walk(&writer, &reading.hierarchy, root, false, depth, arena) != STATUS_OK))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    write_suspended(&writer, &reading.hierarchy);
    json_object_end(&writer);
    *json = buffer_str(&out);
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
