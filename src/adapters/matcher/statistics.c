#include "adapters/matcher/statistics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/matcher/evidence.h"
#include "base/clock.h"
#include "base/hash.h"

enum {
    RECORDS_MIN = 100000, /* a store is expected to grow */
    RECORDS_MAX = 20 * 1000 * 1000,
    SAMPLE = 5000,
    SAMPLE_MIN = 1000,
    PAGE = 250,
    SEEN_MIN = 4,            /* in the sample, before a value counts as frequent */
    SEEN_MIN_OF_CONTACT = 8, /* it may be one customer's, who is there several times */
    TENANTS_MAX = 1000,
    AGE_MIN_MS = 10 * 1000,
    COST_SHARE = 100,
    ARENA_MAX = 64 << 20,
};

/* A frequent value, as a hash of its field and text. */
struct frequent {
    uint64_t hash;
    uint32_t count;
    enum matching_field field;
};

struct statistics_engine {
    atomic_uint uses;
    struct matching_matcher *matcher;
    struct frequent *values; /* in order of hash */
    size_t count;
    uint32_t having[MATCHING_FIELD_COUNT]; /* records of the sample that have the field */
};

struct tenant {
    char *name;
    struct statistics_engine *engine; /* NULL: not known yet */
    int64_t due_ms;
    bool wanted;
};

struct statistics {
    struct store *store;
    char *model;
    struct statistics_engine *unknown; /* of a tenant of which nothing is known */

    pthread_mutex_t mutex; /* over what follows */
    pthread_cond_t wake;
    struct tenant tenants[TENANTS_MAX];
    size_t tenant_count;
    bool stopping, has_thread;
    pthread_t thread;
};

/* --- engines --- */

static uint64_t hash_of(enum matching_field field, struct str text)
{
    const struct hash_key key = {(uint64_t)field, 0x737461746973ULL};
    return hash_bytes(key, text);
}

static int by_hash(const void *a, const void *b)
{
    const struct frequent *x = a, *y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static bool count_value(void *context, enum matching_field field, struct str text, double *having,
                        double *of)
{
    const struct statistics_engine *engine = context;
    const struct frequent wanted = {.hash = hash_of(field, text)};
    const struct frequent *found =
        engine->count == 0
            ? NULL
            : bsearch(&wanted, engine->values, engine->count, sizeof(wanted), by_hash);
    if (!found) return false;
    *having = found->count;
    *of = engine->having[field];
    return true;
}

void statistics_give(struct statistics_engine *engine)
{
    if (!engine || atomic_fetch_sub(&engine->uses, 1) > 1) return;
    matching_matcher_free(engine->matcher);
    free(engine->values);
    free(engine);
}

static enum status make_engine(struct statistics *self, double records,
                               struct statistics_engine *engine, struct error *error)
{
    const struct matching_settings settings = {
        .model_text = self->model ? str_from_cstr(self->model) : STR_NONE,
        .records = records > RECORDS_MIN ? records : RECORDS_MIN,
        .count = count_value,
        .count_context = engine};
    atomic_init(&engine->uses, 1);
    return matching_matcher_new(&settings, &engine->matcher, error);
}

const struct matching_matcher *statistics_matcher(const struct statistics_engine *engine)
{
    return engine->matcher;
}

/* --- learning --- */

struct sample {
    struct frequent *values; /* one per value and record, then one per frequent value */
    size_t count, room;
    uint32_t having[MATCHING_FIELD_COUNT];
    bool had[MATCHING_FIELD_COUNT]; /* of the record that is being added */
    int64_t records;
    struct arena *arena;
};

static bool add_value(void *context, enum matching_field field, struct str text)
{
    struct sample *sample = context;
    if (!sample->had[field]) sample->having[field]++;
    sample->had[field] = true;
    if (sample->count == sample->room) {
        size_t room = sample->room ? 2 * sample->room : 4096;
        struct frequent *larger = realloc(sample->values, room * sizeof(*larger));
        if (!larger) return false;
        sample->values = larger;
        sample->room = room;
    }
    sample->values[sample->count++] = (struct frequent){hash_of(field, text), 1, field};
    return true;
}

static enum status add_record(struct sample *sample, struct str document)
{
    struct json_value *value;
    struct error ignored;
    struct str normal;
    TRY(json_parse(document, sample->arena, &value, &ignored));
    const struct json_value *said[] = {value};
    TRY(evidence_normalise(said, 1, sample->arena, &normal));
    memset(sample->had, 0, sizeof(sample->had));
    return matching_normal_visit(normal, add_value, sample) ? STATUS_OK : STATUS_OUT_OF_MEMORY;
}

static enum status sample_body(struct store_session *session, void *context, struct error *error)
{
    static const struct profile_filter all = {.include_merged = false};
    struct sample *sample = context;
    struct str after = STR_NONE;
    size_t count = PAGE;
    TRY(store_profile_count(session, RECORDS_MAX, &sample->records, error));
    if (sample->records < SAMPLE_MIN) return STATUS_OK;
    for (size_t taken = 0; count == PAGE && taken < SAMPLE; taken += count) {
        struct profile_row *rows;
        TRY(store_profile_list(session, &all, after, PAGE, sample->arena, &rows, &count, error));
        for (size_t i = 0; i < count; i++) {
            struct arena_mark mark = arena_mark(sample->arena);
            if (!str_is_none(rows[i].document) && add_record(sample, rows[i].document) != STATUS_OK)
                return error_plain(error, STATUS_OUT_OF_MEMORY);
            arena_rewind(sample->arena, mark);
        }
        if (count > 0) after = rows[count - 1].customer_id;
    }
    return STATUS_OK;
}

static size_t seen_min(enum matching_field field)
{
    bool contact = field == MATCHING_FIELD_EMAIL || field == MATCHING_FIELD_PHONE ||
                   field == MATCHING_FIELD_IDENTIFIER || field == MATCHING_FIELD_WEBSITE ||
                   field == MATCHING_FIELD_STREET;
    return contact ? SEEN_MIN_OF_CONTACT : SEEN_MIN;
}

/* What was seen often, each once, in order. */
static void keep_frequent(struct sample *sample)
{
    size_t kept = 0;
    if (sample->count > 1) qsort(sample->values, sample->count, sizeof(*sample->values), by_hash);
    for (size_t i = 0, end; i < sample->count; i = end) {
        for (end = i + 1;
             end < sample->count && sample->values[end].hash == sample->values[i].hash;)
            end++;
        if (end - i < seen_min(sample->values[i].field)) continue;
        sample->values[kept] = sample->values[i];
        sample->values[kept++].count = (uint32_t)(end - i);
    }
    sample->count = kept;
}

static struct statistics_engine *learn(struct statistics *self, struct str tenant)
{
    struct arena arena;
    struct error error;
    arena_init(&arena, ARENA_MAX);
    struct sample sample = {.arena = &arena};
    struct statistics_engine *engine = calloc(1, sizeof(*engine));
    enum status status = store_read(self->store, tenant, &arena, sample_body, &sample, &error);
    arena_release(&arena);
    if (!engine || status != STATUS_OK) {
        free(engine);
        free(sample.values);
        return NULL;
    }
    keep_frequent(&sample);
    engine->values = sample.values;
    engine->count = sample.count;
    memcpy(engine->having, sample.having, sizeof(engine->having));
    if (make_engine(self, (double)sample.records, engine, &error) == STATUS_OK) return engine;
    free(engine->values);
    free(engine);
    return NULL;
}

static struct tenant *find_wanted(struct statistics *self)
{
    for (size_t i = 0; i < self->tenant_count; i++)
        if (self->tenants[i].wanted) return &self->tenants[i];
    return NULL;
}

static void *learner_main(void *argument)
{
    struct statistics *self = argument;
    pthread_mutex_lock(&self->mutex);
    while (!self->stopping) {
        struct tenant *tenant = find_wanted(self);
        if (!tenant) {
            pthread_cond_wait(&self->wake, &self->mutex);
            continue;
        }
        struct str name = str_from_cstr(tenant->name); /* stays where it is */
        pthread_mutex_unlock(&self->mutex);
        int64_t begun = clock_ms(CLOCK_MONOTONIC);
        struct statistics_engine *learned = learn(self, name);
        int64_t took = clock_ms(CLOCK_MONOTONIC) - begun;
        pthread_mutex_lock(&self->mutex);
        struct statistics_engine *before = tenant->engine;
        if (learned) tenant->engine = learned;
        tenant->wanted = false;
        tenant->due_ms = clock_ms(CLOCK_MONOTONIC) +
                         (took * COST_SHARE > AGE_MIN_MS ? took * COST_SHARE : AGE_MIN_MS);
        if (learned) statistics_give(before);
    }
    pthread_mutex_unlock(&self->mutex);
    return NULL;
}

/* --- the whole --- */

static struct tenant *tenant_of(struct statistics *self, struct str name)
{
    for (size_t i = 0; i < self->tenant_count; i++)
        if (str_equal(str_from_cstr(self->tenants[i].name), name)) return &self->tenants[i];
    if (self->tenant_count == TENANTS_MAX) return NULL;
    char *copy = strndup(name.ptr, name.len);
    if (!copy) return NULL;
    struct tenant *tenant = &self->tenants[self->tenant_count++];
    *tenant = (struct tenant){.name = copy};
    return tenant;
}

static void want(struct statistics *self, struct tenant *tenant)
{
    if (tenant->wanted || clock_ms(CLOCK_MONOTONIC) < tenant->due_ms) return;
    tenant->wanted = true;
    if (!self->has_thread)
        self->has_thread = pthread_create(&self->thread, NULL, learner_main, self) == 0;
    pthread_cond_signal(&self->wake);
}

struct statistics_engine *statistics_take(struct statistics *self, struct str name)
{
    struct statistics_engine *engine = self->unknown;
    pthread_mutex_lock(&self->mutex);
    struct tenant *tenant = self->store ? tenant_of(self, name) : NULL;
    if (tenant) {
        want(self, tenant);
        if (tenant->engine) engine = tenant->engine;
    }
    atomic_fetch_add(&engine->uses, 1);
    pthread_mutex_unlock(&self->mutex);
    return engine;
}

enum status statistics_new(struct store *store, struct str model_text,
                           struct statistics **statistics, struct error *error)
{
    struct statistics *self = calloc(1, sizeof(*self));
    struct statistics_engine *unknown = calloc(1, sizeof(*unknown));
    if (!self || !unknown ||
        (!str_is_none(model_text) && !(self->model = strndup(model_text.ptr, model_text.len)))) {
        free(self);
        free(unknown);
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    self->store = store;
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->wake, NULL);
    enum status status = make_engine(self, 0, unknown, error);
    if (status == STATUS_OK) {
        self->unknown = unknown;
        *statistics = self;
        return STATUS_OK;
    }
    free(unknown);
    statistics_free(self);
    return status;
}

struct str statistics_model_version(const struct statistics *self)
{
    return matching_matcher_version(self->unknown->matcher);
}

void statistics_free(struct statistics *self)
{
    if (!self) return;
    pthread_mutex_lock(&self->mutex);
    self->stopping = true;
    pthread_cond_signal(&self->wake);
    pthread_mutex_unlock(&self->mutex);
    if (self->has_thread) pthread_join(self->thread, NULL);
    for (size_t i = 0; i < self->tenant_count; i++) {
        statistics_give(self->tenants[i].engine);
        free(self->tenants[i].name);
    }
    statistics_give(self->unknown);
    pthread_cond_destroy(&self->wake);
    pthread_mutex_destroy(&self->mutex);
    free(self->model);
    free(self);
}
