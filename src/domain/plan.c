#include "domain/plan.h"

#include <inttypes.h>

/* FNV-1a, 64 bits (G. Fowler, L. C. Noll, P. Vo): the token detects change, it proves nothing. */
static uint64_t absorb(uint64_t hash, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < count; i++) hash = (hash ^ at[i]) * 0x100000001B3u;
    return hash;
}

static uint64_t absorb_number(uint64_t hash, uint64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(number >> (8 * i));
    return absorb(hash, bytes, sizeof(bytes));
}

/* Length first, so that no two pairs of texts run together into the same bytes. */
static uint64_t absorb_text(uint64_t hash, struct str text)
{
    return absorb(absorb_number(hash, text.len), text.ptr, text.len);
}

static struct str token_of(struct str act, struct str target, int64_t target_version,
                           struct str source, int64_t source_version, const struct policy *policy,
                           struct arena *arena)
{
    uint64_t hash = 0xCBF29CE484222325u;
    hash = absorb_text(hash, act);
    hash = absorb_text(hash, target);
    hash = absorb_number(hash, (uint64_t)target_version);
    hash = absorb_text(hash, source);
    hash = absorb_number(hash, (uint64_t)source_version);
    hash = absorb_number(hash, policy_digest(policy));
    return arena_format(arena, "plan-%016" PRIx64, hash);
}

struct str plan_token(struct str target_id, int64_t target_version, struct str source_id,
                      int64_t source_version, const struct policy *policy, struct arena *arena)
{
    return token_of(STR("merge"), target_id, target_version, source_id, source_version, policy,
                    arena);
}

struct str plan_reversal_token(struct str root_id, int64_t root_version, struct str merge_id,
                               int64_t source_version, const struct policy *policy,
                               struct arena *arena)
{
    return token_of(STR("reversal"), root_id, root_version, merge_id, source_version, policy,
                    arena);
}
