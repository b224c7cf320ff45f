#include "application/verify_customer.h"

#include "application/customer.h"

static bool is_damage(enum status status)
{
    return status == STATUS_CUSTOMER_NOT_FOUND || status == STATUS_INTERNAL ||
           status == STATUS_MALFORMED_JSON || status == STATUS_DUPLICATE_FIELD ||
           status == STATUS_STORE_CORRUPT;
}

static enum status compare(struct application *application, struct store_session *session,
                           struct str customer_id, struct arena *arena, bool *same,
                           struct error *error)
{
    struct profile_row row, root, fresh;
    struct tree tree;
    struct golden golden;
    TRY(store_profile_get(session, customer_id, STORE_NO_LOCK, arena, &row, error));
    TRY(customer_root(session, &row, arena, &root, error));
    *same = root.erased_at != INSTANT_NONE; /* nothing is shown of him */
    if (*same) return STATUS_OK;
    TRY(store_tree_load(session, root.customer_id, INSTANT_FUTURE, arena, &tree, error));
    fresh = root;
    if (golden_record(&tree, application->policy_for(application, session->tenant), arena,
                      &golden) != STATUS_OK ||
        customer_render(&golden, arena, &fresh) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    *same = str_equal(fresh.document, root.document) && str_equal(fresh.name, root.name) &&
            str_equal(fresh.status, root.status);
    return STATUS_OK;
}

enum status verify_customer(struct application *application, struct store_session *session,
                            struct str customer_id, struct arena *arena, enum customer_state *state,
                            struct error *error)
{
    bool same = false;
    enum status status = compare(application, session, customer_id, arena, &same, error);
    *state = same ? CUSTOMER_SOUND : CUSTOMER_DIFFERS;
    if (!is_damage(status)) return status;
    *state = CUSTOMER_BROKEN;
    return STATUS_OK;
}
