#include "application/suppressions.h"

#include "application/customer.h"
#include "base/hex.h"
#include "domain/field.h"
#include "domain/profile.h"

struct str suppressions_hash(const struct application *application, struct str contact_point,
                             struct arena *arena)
{
    bool is_mail = str_find_char(contact_point, '@') >= 0;
    struct str canonical = is_mail ? profile_canonical_email(contact_point, arena)
                                   : profile_canonical_phone(contact_point, arena);
    if (str_is_none(canonical)) return STR_NONE;
    struct str text = ARENA_JOIN(arena, is_mail ? STR("EMAIL|") : STR("PHONE|"), canonical);
    if (str_is_none(text)) return STR_NONE;
    struct hash_key second = {application->suppression_key.k1, ~application->suppression_key.k0};
    char digits[2 * HEX_DIGITS];
    hex_put(hash_bytes(application->suppression_key, text), digits);
    hex_put(hash_bytes(second, text), digits + HEX_DIGITS);
    return arena_str(arena, str_of(digits, sizeof(digits)));
}

enum { REASON_MAX = 200 };

enum action { ACTION_ADD, ACTION_REMOVE, ACTION_CHECK };

struct work {
    struct application *application;
    enum action action;
    struct str hash;
    struct str reason;
    bool found;
};

static enum status suppressions_body(struct store_session *session, void *context,
                                     struct error *error)
{
    struct work *work = context;
    struct environment *environment = work->application->environment;
    switch (work->action) {
    case ACTION_ADD:
        return store_suppression_put(session, work->hash, work->reason,
                                     environment->now(environment), error);
    case ACTION_REMOVE:
        return store_suppression_remove(session, work->hash, error);
    default:
        return store_suppression_find(session, &work->hash, 1, &work->found, error);
    }
}

static enum status hash_point(struct application *application, struct str contact_point,
                              struct arena *arena, struct str *hash, struct error *error)
{
    struct str point = str_trim(contact_point);
    if (str_is_empty(point))
        return error_set(error, STATUS_REQUIRED_FIELD, STR("contactPoint"),
                         STR("an e-mail address or a phone number"), "the field is required");
    /* As a profile would keep it: "+49 (0)30" is "+4930" there. */
    bool is_mail = str_find_char(point, '@') >= 0;
    struct str kept = is_mail ? field_email(point, arena) : field_phone(point, arena);
    if (str_is_none(kept))
        return error_set(error, STATUS_INVALID_VALUE, STR("contactPoint"),
                         STR("an e-mail address or a phone number"),
                         "is no e-mail address and no phone number");
    *hash = suppressions_hash(application, kept, arena);
    return str_is_none(*hash) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

enum status suppressions_add(struct application *application, const struct caller *caller,
                             const struct json_value *body, struct arena *arena, struct str *json,
                             struct error *error)
{
    static const struct str known[] = {STR("contactPoint"), STR("reason"), STR_NONE};
    struct work work = {.application = application, .action = ACTION_ADD};
    struct str point;
    TRY(customer_known_members(body, known, STR("contactPoint, reason"), error));
    TRY(customer_text_member(body, STR("contactPoint"), &point, error));
    TRY(customer_text_member(body, STR("reason"), &work.reason, error));
    if (work.reason.len > REASON_MAX || field_has_control(work.reason))
        return error_set(error, STATUS_INVALID_VALUE, STR("reason"),
                         STR("up to 200 bytes, no control characters"),
                         "is too long or holds control characters");
    TRY(hash_point(application, point, arena, &work.hash, error));
    *json = STR("{\"suppressed\":true}");
    return store_write(application->store, caller->tenant, arena, suppressions_body, &work, error);
}

enum status suppressions_remove(struct application *application, const struct caller *caller,
                                struct str contact_point, struct arena *arena, struct error *error)
{
    struct work work = {.application = application, .action = ACTION_REMOVE};
    TRY(hash_point(application, contact_point, arena, &work.hash, error));
    return store_write(application->store, caller->tenant, arena, suppressions_body, &work, error);
}

enum status suppressions_check(struct application *application, const struct caller *caller,
                               struct str contact_point, struct arena *arena, struct str *json,
                               struct error *error)
{
    struct work work = {.application = application, .action = ACTION_CHECK};
    TRY(hash_point(application, contact_point, arena, &work.hash, error));
    TRY(store_read(application->store, caller->tenant, arena, suppressions_body, &work, error));
    *json = work.found ? STR("{\"suppressed\":true}") : STR("{\"suppressed\":false}");
    return STATUS_OK;
}
