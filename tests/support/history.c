#include "history.h"
#include "application_fixture.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "application/change_customer.h"
#include "application/consents.h"
#include "application/consume_events.h"
#include "application/contacts.h"
#include "application/create_customer.h"
#include "application/get_customer.h"
#include "application/import_records.h"
#include "application/merge_customers.h"
#include "application/relationships.h"
#include "application/review.h"
#include "application/review_list.h"
#include "application/review_resolve.h"
#include "application/unmerge_customers.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ARENA_MAX_BYTES = 256 << 20 };
static const instant history_start = 1700000000 * INSTANT_SECOND;

/* ---- worlds ---- */

void history_world_init(struct history_world *world, struct store *store, struct str tenant)
{
    *world = (struct history_world){0};
    environment_fixed_init(&world->environment, history_start, 1, 7);
    world->application = application_fixture(&world->environment.base);
    world->application.store = store;
    world->caller = (struct caller){.tenant = tenant, .user_id = STR("tester")};
    arena_init(&world->arena, ARENA_MAX_BYTES);
}

void history_world_release(struct history_world *world)
{
    arena_release(&world->arena);
}

struct history_id history_id(size_t index)
{
    struct history_id id;
    (void)snprintf(id.text, sizeof(id.text), "C%u", (unsigned)(index % 100));
    return id;
}

static struct str id_str(struct history_world *world, size_t index)
{
    struct history_id id = history_id(index);
    return arena_str(&world->arena, str_from_cstr(id.text));
}

static size_t index_of(struct str id)
{
    int64_t index = 0;
    bool is_number = str_to_int64(str_skip(id, 1), &index);
    assert(is_number);
    (void)is_number;
    return (size_t)index;
}

static void set_time(struct history_world *world, size_t tick)
{
    world->environment.step = world->clock_stands ? 0 : 1;
    world->environment.time =
        history_start + (world->clock_stands ? 0 : (instant)tick * INSTANT_SECOND);
}

static struct json_value *parse(struct history_world *world, struct str text)
{
    struct json_value *value = NULL;
    enum status status = json_parse(text, &world->arena, &value, NULL);
    assert(status == STATUS_OK);
    (void)status;
    return value;
}

enum status history_document(struct history_world *world, size_t index, struct str *document,
                             instant *updated_at)
{
    struct customer_document customer;
    struct error error;
    TRY(get_customer(&world->application, &world->caller, id_str(world, index), &world->arena,
                     &customer, &error));
    *document = customer.document;
    *updated_at = customer.updated_at;
    return STATUS_OK;
}

struct tree_reading {
    struct str id;
    struct arena *arena;
    struct tree *tree;
};

static enum status tree_body(struct store_session *session, void *context, struct error *error)
{
    struct tree_reading *reading = context;
    struct profile_row row;
    TRY(store_profile_get(session, reading->id, STORE_NO_LOCK, reading->arena, &row, error));
    if (!str_is_none(row.survivor_id)) return STATUS_CUSTOMER_MERGED;
    return store_tree_load(session, reading->id, INSTANT_FUTURE, reading->arena, reading->tree,
                           error);
}

enum status history_tree(struct history_world *world, size_t index, struct tree *tree)
{
    struct tree_reading reading = {id_str(world, index), &world->arena, tree};
    struct error error;
    return store_read(world->application.store, world->caller.tenant, &world->arena, tree_body,
                      &reading, &error);
}

/* ---- values ---- */

static const char *const scalar_fields[] = {"name",     "segment", "website",
                                            "language", "status",  "dateOfBirth"};
static const char *const list_fields[] = {"emails", "phones", "identifiers"};

/* The JSON text of a value of a scalar field; some remove it. */
static struct str scalar_text(struct history_world *world, size_t field, size_t value)
{
    static const char *const statuses[] = {"ACTIVE", "INACTIVE", "ON_HOLD"};
    static const char *const languages[] = {"de", "en", "fr", "it", "es", "pt"};
    struct arena *arena = &world->arena;
    if (value == 5 && field != 0 && field != 4) return STR("null");
    switch (field) {
    case 0:
        return arena_format(arena, "\"Name %zu\"", value);
    case 1:
        return arena_format(arena, "\"SEGMENT%zu\"", value);
    case 2:
        return arena_format(arena, "\"https://w%zu.example\"", value);
    case 3:
        return arena_format(arena, "\"%s\"", languages[value % 6]);
    case 4:
        return arena_format(arena, "\"%s\"", statuses[value % 3]);
    default:
        return arena_format(arena, "\"1990-01-0%zu\"", value + 1);
    }
}

static struct str element_text(struct history_world *world, size_t field, size_t value)
{
    struct arena *arena = &world->arena;
    switch (field % 3) {
    case 0:
        return arena_format(arena, "\"e%zu@x.example\"", value);
    case 1:
        return arena_format(arena, "\"+4930123450%zu\"", value);
    default:
        return arena_format(arena, "{\"type\":\"VAT\",\"value\":\"DE12345678%zu\"}", value);
    }
}

static struct str contact_text(struct history_world *world, const struct history_step *step)
{
    static const char *const roles[] = {"BILLING", "SERVICE", "SALES"};
    return arena_format(
        &world->arena, "{\"name\":\"Contact %zu\",\"email\":\"e%zu@x.example\",\"roles\":[\"%s\"]}",
        step->value, step->field, roles[step->value % 3]);
}

/* ---- questions about consent ---- */

static const char *const channels[] = {"EMAIL", "SMS"};
static const char *const purposes[] = {"GENERAL", "MARKETING"};
enum { POINTS = 4 }; /* none, and three contact points */

static struct str point_of(size_t channel, size_t point)
{
    static const struct str points[2][POINTS] = {
        {STR_NONE, STR("e0@x.example"), STR("e1@x.example"), STR("e2@x.example")},
        {STR_NONE, STR("+49301234500"), STR("+49301234501"), STR("+49301234502")}};
    return points[channel][point];
}

size_t history_question_count(void)
{
    return COUNT(channels) * COUNT(purposes) * POINTS;
}

struct consent_question history_question(size_t index)
{
    size_t channel = index % 2, purpose = index / 2 % 2;
    return (struct consent_question){.channel = str_from_cstr(channels[channel]),
                                     .purpose = str_from_cstr(purposes[purpose]),
                                     .contact_point = point_of(channel, index / 4),
                                     .as_of = history_start + 10 * INSTANT_DAY};
}

/* ---- steps ---- */

static const struct import_settings from_erp = {.source = {"erp", 3},
                                                .on_duplicate = ON_DUPLICATE_ALLOW};

enum status history_create(struct history_world *world, struct property *property, size_t index)
{
    struct customer_document customer;
    struct error error = {0};
    struct str body = arena_format(&world->arena,
                                   "{\"customerId\":\"C%zu\",\"name\":\"Name %zu\",\"emails\":"
                                   "[\"e%zu@x.example\"]}",
                                   index, index, index);
    set_time(world, index);
    property_note(property, "create C%zu", index);
    struct import_record record = {.source_key = arena_format(&world->arena, "K%zu", index),
                                   .observed_at = INSTANT_NONE,
                                   .body = parse(world, body)};
    struct import_result result;
    enum status status;
    if (index % 2 == 0) {
        status = create_customer(&world->application, &world->caller, parse(world, body),
                                 ON_DUPLICATE_ALLOW, &world->arena, &customer, &error);
    } else {
        status = import_records(&world->application, &world->caller, &from_erp, &record, 1,
                                &world->arena, &result, &error);
        if (status == STATUS_OK && result.outcome != IMPORT_CREATED) status = STATUS_INTERNAL;
    }
    arena_reset(&world->arena);
    return status;
}

/* The survivor of the customer, its version and its document. */
struct addressed {
    size_t root;
    struct str id;
    int64_t version;
    struct json_value *document;
};

static enum status address(struct history_world *world, size_t customer, struct addressed *to)
{
    struct customer_document found;
    struct error error = {0};
    to->id = id_str(world, customer);
    enum status status =
        get_customer(&world->application, &world->caller, to->id, &world->arena, &found, &error);
    if (status == STATUS_CUSTOMER_MERGED) {
        to->id = results_survivor(&error, &world->arena);
        status = get_customer(&world->application, &world->caller, to->id, &world->arena, &found,
                              &error);
    }
    TRY(status);
    to->root = index_of(to->id);
    to->version = found.version;
    to->document = parse(world, found.document);
    return STATUS_OK;
}

static void patched(struct history_world *world, const struct addressed *to, struct str patch,
                    struct history_effect *effect)
{
    struct customer_document customer;
    struct error error = {0};
    effect->status =
        change_customer(&world->application, &world->caller, to->id, parse(world, patch),
                        IF_MATCH_ANY, &world->arena, &customer, &error);
    effect->changed = effect->status == STATUS_OK && customer.version != to->version;
    effect->step.customer = to->root;
}

static void take_set(struct history_world *world, const struct history_step *step,
                     const struct addressed *to, struct history_effect *effect)
{
    struct str value = scalar_text(world, step->field, step->value);
    patched(
        world, to,
        arena_format(&world->arena, "{\"%s\":%.*s}", scalar_fields[step->field], STR_ARGS(value)),
        effect);
}

/* Patches the list as it is shown with one element more or less. */
static void take_list(struct history_world *world, const struct history_step *step,
                      const struct addressed *to, struct history_effect *effect)
{
    const char *name = list_fields[step->field % 3];
    struct json_value *element = parse(world, element_text(world, step->field, step->value));
    const struct json_value *list = json_get(to->document, str_from_cstr(name));
    struct buffer out = {.arena = &world->arena};
    struct json_writer writer = {.out = &out};
    bool there = false;
    json_object_begin(&writer);
    json_key(&writer, str_from_cstr(name));
    json_array_begin(&writer);
    for (size_t i = 0; list && i < list->count; i++) {
        bool same = json_equal(&list->items[i], element);
        there = there || same;
        if (!same || step->kind == HISTORY_ADD_TO_LIST) json_write(&writer, &list->items[i]);
    }
    if (!there && step->kind == HISTORY_ADD_TO_LIST) json_write(&writer, element);
    json_array_end(&writer);
    json_object_end(&writer);
    if (there == (step->kind == HISTORY_ADD_TO_LIST)) return;
    patched(world, to, buffer_str(&out), effect);
}

static void take_preference(struct history_world *world, const struct history_step *step,
                            const struct addressed *to, struct history_effect *effect)
{
    static const char *const patches[] = {"{\"theme\":\"dark\"}",
                                          "{\"theme\":\"light\"}",
                                          "{\"theme\":null}",
                                          "{\"preferredChannel\":\"EMAIL\"}",
                                          "{\"preferredChannel\":\"SMS\"}",
                                          "{\"beta\":true}"};
    patched(world, to, arena_format(&world->arena, "{\"preferences\":%s}", patches[step->value]),
            effect);
}

static struct str thing_id(struct history_world *world, const char *prefix, size_t number)
{
    return arena_format(&world->arena, "%s%zu", prefix, number);
}

static void take_add_contact(struct history_world *world, const struct history_step *step,
                             const struct addressed *to, struct history_effect *effect)
{
    struct customer_part part;
    struct error error = {0};
    struct json_value *body = parse(world, contact_text(world, step));
    bool fits =
        json_object_set(body, STR("contactId"),
                        json_make_string(thing_id(world, "K", step->number)), &world->arena);
    assert(fits);
    (void)fits;
    effect->status = contacts_add(&world->application, &world->caller, to->id, body, IF_MATCH_ANY,
                                  &world->arena, &part, &error);
    effect->step.customer = to->root;
    effect->changed = effect->status == STATUS_OK;
    if (effect->changed)
        world->contacts[world->contact_count++] = (struct history_thing){step->number, to->root};
}

/* A change of a contact is addressed through whichever customer, and goes to the contact's home. */
static void take_contact(struct history_world *world, const struct history_step *step,
                         struct history_effect *effect)
{
    struct customer_part part = {0};
    struct error error = {0};
    struct addressed to;
    int64_t version = 0;
    if (world->contact_count == 0) return;
    const struct history_thing *contact = &world->contacts[step->other % world->contact_count];
    if (address(world, contact->home, &to) != STATUS_OK) return;
    struct str id = thing_id(world, "K", contact->number);
    if (step->kind == HISTORY_REMOVE_CONTACT) {
        effect->status = contacts_remove(&world->application, &world->caller, to.id, id,
                                         IF_MATCH_ANY, &world->arena, &version, &error);
    } else {
        effect->status = contacts_change(&world->application, &world->caller, to.id, id,
                                         parse(world, contact_text(world, step)), IF_MATCH_ANY,
                                         &world->arena, &part, &error);
        version = part.version;
    }
    effect->changed = effect->status == STATUS_OK && version != to.version;
}

static void take_relate(struct history_world *world, const struct history_step *step,
                        const struct addressed *to, struct history_effect *effect)
{
    static const char *const types[] = {"PARENT_OF", "SUBSIDIARY_OF", "PARTNER_OF"};
    struct customer_part part;
    struct error error = {0};
    struct str body = arena_format(
        &world->arena, "{\"type\":\"%s\",\"customerId\":\"C%zu\",\"relationshipId\":\"R%zu\"}",
        types[step->value % 3], step->other, step->number);
    effect->status = relationships_add(&world->application, &world->caller, to->id,
                                       parse(world, body), &world->arena, &part, &error);
    effect->changed = effect->status == STATUS_OK;
    effect->step.customer = to->root;
    if (effect->changed)
        world->relations[world->relation_count++] = (struct history_thing){step->number, to->root};
}

static void take_end_relation(struct history_world *world, const struct history_step *step,
                              struct history_effect *effect)
{
    struct error error = {0};
    struct addressed to;
    int64_t version;
    if (world->relation_count == 0) return;
    const struct history_thing *relation = &world->relations[step->other % world->relation_count];
    if (address(world, relation->home, &to) != STATUS_OK) return;
    effect->status =
        relationships_end(&world->application, &world->caller, to.id,
                          thing_id(world, "R", relation->number), &world->arena, &version, &error);
    effect->changed = effect->status == STATUS_OK;
}

static void note_contact(struct history_world *world, size_t number, size_t home)
{
    for (size_t i = 0; i < world->contact_count; i++)
        if (world->contacts[i].number == number) return;
    world->contacts[world->contact_count++] = (struct history_thing){number, home};
}

/* Odd customers have a source record; a new word of it goes to its home, merged or not. */
static void take_import(struct history_world *world, const struct history_step *step,
                        struct history_effect *effect)
{
    size_t home = step->customer | 1, own = HISTORY_STEPS_MAX + home;
    struct error error = {0};
    struct import_result result = {0};
    struct str value = scalar_text(world, step->field, step->value == 5 ? 0 : step->value);
    struct str mail = element_text(world, 0, step->other);
    struct str contacts = history_imported_contacts(&world->arena, step, own);
    struct addressed to;
    if (address(world, home, &to) != STATUS_OK) return; /* there is no such customer */
    struct str body = arena_format(
        &world->arena, "{\"name\":\"Name %zu\",%s%s%s%.*s%s\"emails\":[%.*s],\"contacts\":[%.*s]}",
        home, step->field ? "\"" : "", step->field ? scalar_fields[step->field] : "",
        step->field ? "\":" : "", (int)(step->field ? value.len : 0), value.ptr,
        step->field ? "," : "", STR_ARGS(mail), STR_ARGS(contacts));
    /* Contacts get the same ids where other things are done before. */
    world->environment.state = 1000 + step->number;
    struct import_record record = {.source_key = arena_format(&world->arena, "K%zu", home),
                                   .observed_at = INSTANT_NONE,
                                   .body = parse(world, body)};
    effect->status = import_records(&world->application, &world->caller, &from_erp, &record, 1,
                                    &world->arena, &result, &error);
    effect->changed = effect->status == STATUS_OK && result.outcome == IMPORT_UPDATED;
    if (effect->changed && step->value >= 3) note_contact(world, own, home);
}

/* It goes to the home that it names, merged or not. */
static void take_message(struct history_world *world, const struct history_step *step,
                         enum inbound_type type, struct str body, struct history_effect *effect)
{
    struct environment *environment = &world->environment.base;
    struct error error = {0};
    struct consumed result = {0};
    const struct inbound_event event = {.type = type,
                                        .event_id =
                                            arena_format(&world->arena, "e%zu", step->number),
                                        .tenant = world->caller.tenant,
                                        .timestamp = environment->now(environment),
                                        .customer_id = id_str(world, step->customer),
                                        .body = parse(world, body)};
    effect->status = consume_events(&world->application, &event, 1, &world->arena, &result, &error);
    if (result.outcome == CONSUMED_REFUSED) effect->status = result.error.status;
}

static void take_block(struct history_world *world, const struct history_step *step,
                       struct history_effect *effect)
{
    take_message(world, step, INBOUND_CUSTOMER_BLOCKED,
                 step->value % 3 ? STR("{\"status\":\"BLOCKED\"}")
                                 : STR("{\"status\":\"UNBLOCKED\"}"),
                 effect);
    effect->changed = effect->status == STATUS_OK;
}

/* It changes nothing that the customer is. */
static void take_tell(struct history_world *world, const struct history_step *step,
                      struct history_effect *effect)
{
    bool order = step->field % 2;
    take_message(world, step, order ? INBOUND_SERVICE_ORDER_CREATED : INBOUND_CONTRACT_ACTIVATED,
                 order ? arena_format(&world->arena, "{\"serviceOrderId\":\"SO-%zu\"}", step->value)
                       : arena_format(&world->arena, "{\"contractId\":\"CT-%zu\"}", step->value),
                 effect);
}

/* A revocation speaks for all homes of the tree. */
static void note_homes(struct history_world *world, const struct addressed *to,
                       struct history_effect *effect)
{
    struct tree tree;
    if (history_tree(world, to->root, &tree) != STATUS_OK) return;
    for (size_t i = 0; i < tree.home_count; i++)
        effect->homes[effect->home_count++] = index_of(tree.homes[i].customer_id);
}

static void take_consent(struct history_world *world, const struct history_step *step,
                         const struct addressed *to, struct history_effect *effect)
{
    struct customer_part part;
    struct error error = {0};
    size_t channel = step->field % 2;
    struct str point = point_of(channel, step->value % POINTS);
    struct str tail = str_is_none(point) ? STR("")
                                         : arena_format(&world->arena, ",\"contactPoint\":\"%.*s\"",
                                                        STR_ARGS(point));
    struct str body =
        arena_format(&world->arena, "{\"type\":\"%s\",\"purpose\":\"%s\",\"status\":\"%s\"%.*s}",
                     channels[channel], purposes[step->field / 2 % 2],
                     step->kind == HISTORY_GRANT ? "GRANTED" : "REVOKED", STR_ARGS(tail));
    effect->status = consents_record(&world->application, &world->caller, to->id,
                                     parse(world, body), &world->arena, &part, &error);
    effect->changed = effect->status == STATUS_OK;
    effect->step.customer = to->root;
    if (step->kind == HISTORY_REVOKE) note_homes(world, to, effect);
}

enum status history_root(struct history_world *world, size_t index, size_t *root)
{
    struct addressed to;
    TRY(address(world, index, &to));
    *root = to.root;
    return STATUS_OK;
}

struct suspicion {
    struct history_world *world;
    struct str customer;
    struct duplicate found;
    instant now;
};

static enum status suspect_body(struct store_session *session, void *context, struct error *error)
{
    const struct suspicion *suspicion = context;
    struct history_world *world = suspicion->world;
    struct review review = {session, world->caller.user_id, suspicion->now, &world->arena};
    struct profile_row row;
    struct tree tree;
    TRY(store_profile_get(session, suspicion->customer, STORE_LOCK, &world->arena, &row, error));
    TRY(store_tree_load(session, suspicion->customer, INSTANT_FUTURE, &world->arena, &tree, error));
    return review_queue(&world->application, &review, &tree, false, &suspicion->found, 1,
                        DUPLICATE_BY_CHANGE, error);
}

static void take_suspect(struct history_world *world, const struct history_step *step,
                         const struct addressed *to, struct history_effect *effect)
{
    struct error error = {0};
    struct match_reason reason = {STR("name"), STR("SIMILAR_NAME")};
    struct addressed other;
    if (address(world, step->other, &other) != STATUS_OK) return;
    struct suspicion suspicion = {.world = world,
                                  .customer = to->id,
                                  .found = {.customer_id = other.id,
                                            .match = {.decision = MATCH_POSSIBLE,
                                                      .probability = 0.5 + (double)step->value / 16,
                                                      .reasons = &reason,
                                                      .reason_count = 1}},
                                  .now = world->environment.base.now(&world->environment.base)};
    effect->status = store_write(world->application.store, world->caller.tenant, &world->arena,
                                 suspect_body, &suspicion, &error);
    effect->changed = effect->status == STATUS_OK;
}

/* Decides one of the open items about the customer. */
static void take_tell_apart(struct history_world *world, const struct history_step *step,
                            const struct addressed *to, struct history_effect *effect)
{
    struct error error = {0};
    struct json_page page;
    struct str json;
    struct review_query query = {.state = STR("OPEN"), .customer_id = to->id};
    struct review_request request = {.decision = REVIEW_NOT_A_DUPLICATE, .until = INSTANT_NONE};
    effect->status =
        review_list(&world->application, &world->caller, &query, &world->arena, &page, &error);
    if (effect->status != STATUS_OK) return;
    const struct json_value *items = json_get(parse(world, page.body), STR("items"));
    if (items->count == 0) return;
    const struct json_value *item = &items->items[step->value % items->count];
    const struct json_value *sides = json_get(item, STR("customers"));
    effect->status = review_resolve(&world->application, &world->caller,
                                    json_text(json_get(item, STR("duplicateId"))), &request,
                                    &world->arena, &json, &error);
    effect->changed = effect->status == STATUS_OK;
    if (!effect->changed) return;
    world->apart[world->apart_count++] =
        (struct history_apart){index_of(json_text(json_get(&sides->items[0], STR("homeId")))),
                               index_of(json_text(json_get(&sides->items[1], STR("homeId"))))};
}

static void take_merge(struct history_world *world, const struct history_step *step,
                       struct history_effect *effect)
{
    struct merge_result result;
    struct error error = {0};
    struct merge_request request = {.source_id = id_str(world, step->other)};
    effect->status =
        merge_customers(&world->application, &world->caller, id_str(world, step->customer),
                        &request, &world->arena, &result, &error);
    effect->changed = effect->status == STATUS_OK;
    if (!effect->changed) return;
    assert(result.merge_id.len < sizeof(world->merges[0]));
    world->merged[world->merge_count] = (struct history_apart){step->customer, step->other};
    memcpy(world->merges[world->merge_count], result.merge_id.ptr, result.merge_id.len);
    world->merges[world->merge_count++][result.merge_id.len] = '\0';
}

static void reverse(struct history_world *world, size_t merge, struct history_effect *effect)
{
    struct error error = {0};
    struct str json;
    effect->status = unmerge_customers(&world->application, &world->caller, STR_NONE,
                                       str_from_cstr(world->merges[merge]), STR_NONE, &world->arena,
                                       &json, &error);
    effect->changed = effect->status == STATUS_OK;
    if (!effect->changed) return;
    world->merge_reversed[merge] = true;
    world->apart[world->apart_count++] = world->merged[merge];
}

static void take_unmerge(struct history_world *world, const struct history_step *step,
                         struct history_effect *effect)
{
    if (world->merge_count == 0) return;
    reverse(world, (step->other * 6 + step->value) % world->merge_count, effect);
}

static void narrate(struct property *property, const struct history_step *step,
                    const struct history_effect *effect)
{
    static const char *const names[HISTORY_KIND_COUNT] = {"set",
                                                          "add to list",
                                                          "remove from list",
                                                          "set preference",
                                                          "add contact",
                                                          "change contact",
                                                          "remove contact",
                                                          "relate",
                                                          "end relation",
                                                          "import",
                                                          "block",
                                                          "tell",
                                                          "grant",
                                                          "revoke",
                                                          "suspect",
                                                          "tell apart",
                                                          "merge",
                                                          "unmerge"};
    if (!property_narrating(property)) return;
    struct str code = status_code(effect->status);
    property_note(property, "%2zu  C%zu %s (other %zu, field %zu, value %zu): %.*s%s", step->number,
                  step->customer, names[step->kind], step->other, step->field, step->value,
                  STR_ARGS(code), effect->changed ? "" : ", nothing changed");
}

static void dispatch(struct history_world *world, const struct history_step *step,
                     const struct addressed *to, struct history_effect *effect)
{
    switch (step->kind) {
    case HISTORY_SET:
        take_set(world, step, to, effect);
        return;
    case HISTORY_ADD_TO_LIST:
    case HISTORY_REMOVE_FROM_LIST:
        take_list(world, step, to, effect);
        return;
    case HISTORY_SET_PREFERENCE:
        take_preference(world, step, to, effect);
        return;
    case HISTORY_ADD_CONTACT:
        take_add_contact(world, step, to, effect);
        return;
    case HISTORY_CHANGE_CONTACT:
    case HISTORY_REMOVE_CONTACT:
        take_contact(world, step, effect);
        return;
    case HISTORY_RELATE:
        take_relate(world, step, to, effect);
        return;
    case HISTORY_END_RELATION:
        take_end_relation(world, step, effect);
        return;
    case HISTORY_IMPORT:
        take_import(world, step, effect);
        return;
    case HISTORY_BLOCK:
        take_block(world, step, effect);
        return;
    case HISTORY_TELL:
        take_tell(world, step, effect);
        return;
    case HISTORY_GRANT:
    case HISTORY_REVOKE:
        take_consent(world, step, to, effect);
        return;
    case HISTORY_SUSPECT:
        take_suspect(world, step, to, effect);
        return;
    case HISTORY_TELL_APART:
        take_tell_apart(world, step, to, effect);
        return;
    case HISTORY_MERGE:
        take_merge(world, step, effect);
        return;
    default:
        take_unmerge(world, step, effect);
        return;
    }
}

/* Refusals that a random history may meet; anything else is a mistake. */
static bool may_be_refused(enum status status)
{
    static const enum status expected[] = {STATUS_OK,
                                           STATUS_CUSTOMER_NOT_FOUND,
                                           STATUS_CUSTOMER_MERGED,
                                           STATUS_MERGE_WITH_SELF,
                                           STATUS_MERGE_REVERSED,
                                           STATUS_CONSENT_VIOLATION,
                                           STATUS_CONTACT_NOT_FOUND,
                                           STATUS_INVALID_VALUE,
                                           STATUS_HIERARCHY_CYCLE,
                                           STATUS_RELATIONSHIP_EXISTS,
                                           STATUS_RELATIONSHIP_NOT_FOUND};
    for (size_t i = 0; i < COUNT(expected); i++)
        if (status == expected[i]) return true;
    return false;
}

bool history_take(struct history_world *world, struct property *property,
                  const struct history_step *step, struct history_effect *effect)
{
    struct addressed to = {0};
    *effect = (struct history_effect){.step = *step};
    arena_reset(&world->arena);
    set_time(world, HISTORY_CUSTOMERS_MAX + step->number);
    effect->status = address(world, step->customer, &to);
    if (effect->status == STATUS_OK) dispatch(world, step, &to, effect);
    narrate(property, step, effect);
    if (may_be_refused(effect->status)) return true;
    struct str code = status_code(effect->status);
    return property_fail(property, "step %zu: unexpected %.*s", step->number, STR_ARGS(code));
}

static void count_nothing(struct import_step *step, struct buffer *report)
{
    (void)report;
    step->after = step->before;
}

bool history_import(struct history_world *world, struct property *property, struct str import_id,
                    int64_t step_number, size_t index, size_t value)
{
    const struct import_settings settings = {
        .source = STR("erp"), .on_duplicate = ON_DUPLICATE_ALLOW, .import_id = import_id};
    struct error error = {0};
    struct import_result result;
    struct import_batch *batch = NULL;
    struct import_step step = {.number = step_number, .conclude = count_nothing};
    arena_reset(&world->arena);
    struct str text = arena_format(
        &world->arena,
        "{\"customerId\":\"C%zu\",\"name\":\"Loaded %zu\",\"segment\":\"LOADED%zu\",\"emails\":"
        "[\"l%zu@l.example\"],\"phones\":[\"+49309876%zu\"],\"contacts\":[{\"name\":\"Loader "
        "%zu\",\"email\":\"l%zu@l.example\"}]}",
        index, value, value, value, value + 100, value, value);
    struct import_record record = {.source_key = arena_format(&world->arena, "K%zu", index),
                                   .observed_at = INSTANT_NONE,
                                   .body = parse(world, text)};
    enum status status = import_records_prepare(&world->application, &world->caller, &settings,
                                                &record, 1, &world->arena, &result, &batch, &error);
    if (status == STATUS_OK) status = import_records_write(batch, &step, &error);
    property_note(property, "    import C%zu, value %zu: %d", index, value, (int)result.outcome);
    struct str code = status_code(status);
    return status == STATUS_OK ||
           property_fail(property, "an import was refused: %.*s", STR_ARGS(code));
}

bool history_unmerge_all(struct history_world *world, struct property *property)
{
    size_t left = 0;
    for (size_t i = 0; i < world->merge_count; i++) left += !world->merge_reversed[i];
    set_time(world, HISTORY_CUSTOMERS_MAX + HISTORY_STEPS_MAX);
    for (; left > 0; left--) {
        size_t pick = property_choice(property, left), at = 0;
        struct history_effect effect = {0};
        while (world->merge_reversed[at] || pick > 0) pick -= !world->merge_reversed[at++];
        arena_reset(&world->arena);
        reverse(world, at, &effect);
        property_note(property, "    unmerge number %zu", at);
        struct str code = status_code(effect.status);
        if (!effect.changed)
            return property_fail(property, "an unmerge was refused: %.*s", STR_ARGS(code));
    }
    return true;
}
