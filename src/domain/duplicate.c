#include "domain/duplicate.h"

#include <math.h>

enum { RANK_MAX = 1000000000 };

#define X(symbol, meaning) STR(#symbol),
static const struct str states[] = {DUPLICATE_STATE_TABLE(X)};
static const struct str causes[] = {DUPLICATE_CAUSE_TABLE(X)};
static const struct str resolutions[] = {DUPLICATE_RESOLUTION_TABLE(X)};
#undef X

#define X(symbol, meaning) " | " #symbol
#define STATES_OR_ALL      DUPLICATE_STATE_TABLE(X) " | ALL"
const struct str duplicate_states_or_all = {&STATES_OR_ALL[3], sizeof(STATES_OR_ALL) - 4};
const struct str duplicate_causes_allowed = {&DUPLICATE_CAUSE_TABLE(X)[3],
                                             sizeof(DUPLICATE_CAUSE_TABLE(X)) - 4};
#undef X

static bool find(const struct str *names, size_t count, struct str name, size_t *found)
{
    for (size_t i = 0; i < count; i++) {
        if (!str_equal(names[i], name) || str_is_none(name)) continue;
        *found = i;
        return true;
    }
    return false;
}

struct str duplicate_state_name(enum duplicate_state state)
{
    return state < DUPLICATE_STATE_COUNT ? states[state] : STR_NONE;
}

bool duplicate_state_parse(struct str name, enum duplicate_state *state)
{
    size_t found = 0;
    if (!find(states, DUPLICATE_STATE_COUNT, name, &found)) return false;
    *state = (enum duplicate_state)found;
    return true;
}

struct str duplicate_cause_name(enum duplicate_cause cause)
{
    return cause < DUPLICATE_CAUSE_COUNT ? causes[cause] : STR_NONE;
}

bool duplicate_cause_parse(struct str name, enum duplicate_cause *cause)
{
    size_t found = 0;
    if (!find(causes, DUPLICATE_CAUSE_COUNT, name, &found)) return false;
    *cause = (enum duplicate_cause)found;
    return true;
}

struct str duplicate_resolution_name(enum duplicate_resolution resolution)
{
    bool named = resolution > DUPLICATE_RESOLVED_NONE && resolution < DUPLICATE_RESOLUTION_COUNT;
    return named ? resolutions[resolution] : STR_NONE;
}

bool duplicate_resolution_parse(struct str name, enum duplicate_resolution *resolution)
{
    size_t found = DUPLICATE_RESOLVED_NONE;
    if (!str_is_none(name) && (!find(resolutions, DUPLICATE_RESOLUTION_COUNT, name, &found) ||
                               found == DUPLICATE_RESOLVED_NONE))
        return false;
    *resolution = (enum duplicate_resolution)found;
    return true;
}

enum duplicate_state duplicate_shows(const struct duplicate_row *row, instant now)
{
    if (row->state != DUPLICATE_OPEN) return row->state;
    if (row->later_until != INSTANT_NONE && row->later_until > now) return DUPLICATE_LATER;
    bool claimed = row->claimed_until != INSTANT_NONE && row->claimed_until > now;
    return claimed ? DUPLICATE_CLAIMED : DUPLICATE_OPEN;
}

bool duplicate_passes(const struct duplicate_row *row, const struct duplicate_filter *filter)
{
    bool claimed = row->claimed_until != INSTANT_NONE && row->claimed_until > filter->now;
    if (filter->shows != DUPLICATE_STATE_COUNT &&
        duplicate_shows(row, filter->now) != filter->shows)
        return false;
    if (filter->cause != DUPLICATE_CAUSE_COUNT && row->cause != filter->cause) return false;
    if (duplicate_rank(row->probability) < duplicate_rank(filter->probability_min)) return false;
    return str_is_none(filter->claimed_by) ||
           (claimed && str_equal(filter->claimed_by, row->claimed_by));
}

int duplicate_compare(const void *a, const void *b)
{
    const struct duplicate_row *left = a, *right = b;
    int64_t rank_left = duplicate_rank(left->probability);
    int64_t rank_right = duplicate_rank(right->probability);
    if (rank_left != rank_right) return rank_left > rank_right ? -1 : 1;
    return str_compare(left->duplicate_id, right->duplicate_id);
}

int64_t duplicate_rank(double probability)
{
    if (!(probability > 0)) return 0;
    return probability >= 1 ? RANK_MAX : (int64_t)llround(probability * RANK_MAX);
}

double duplicate_probability(int64_t rank)
{
    return (double)rank / RANK_MAX;
}
