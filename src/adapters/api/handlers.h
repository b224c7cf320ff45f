/* The handlers of all resources; one file each, named in the comments. Contract: see call.h. */
#ifndef ADAPTERS_API_HANDLERS_H
#define ADAPTERS_API_HANDLERS_H

#include "adapters/api/call.h"

#define HANDLER(name) enum status name(struct call *call, struct error *error)

/* api_customers.c */
HANDLER(api_customers_create);
HANDLER(api_customers_get);
HANDLER(api_customers_change);
HANDLER(api_customers_list);
HANDLER(api_customers_lookup);
HANDLER(api_customers_match);
HANDLER(api_customers_provenance);
HANDLER(api_customers_versions);
HANDLER(api_customers_preferences);
HANDLER(api_customers_change_preferences);

/* api_history.c */
HANDLER(api_history_timeline);
HANDLER(api_history_service_orders);
HANDLER(api_history_entitlements);
HANDLER(api_history_credit);

/* api_contacts.c */
HANDLER(api_contacts_list);
HANDLER(api_contacts_add);
HANDLER(api_contacts_get);
HANDLER(api_contacts_change);
HANDLER(api_contacts_remove);

/* api_relationships.c */
HANDLER(api_relationships_list);
HANDLER(api_relationships_get);
HANDLER(api_relationships_add);
HANDLER(api_relationships_end);
HANDLER(api_relationships_hierarchy);

/* api_consents.c */
HANDLER(api_consents_record);
HANDLER(api_consents_matrix);
HANDLER(api_consents_history);
HANDLER(api_consents_receipt);
HANDLER(api_consents_check);
HANDLER(api_suppressions_add);
HANDLER(api_suppressions_check);
HANDLER(api_suppressions_remove);

/* api_merges.c */
HANDLER(api_merges_merge);
HANDLER(api_merges_preview);
HANDLER(api_merges_list);
HANDLER(api_merges_reverse);
HANDLER(api_merges_preview_reverse);

/* api_duplicates.c */
HANDLER(api_duplicates_list);
HANDLER(api_duplicates_get);
HANDLER(api_duplicates_stats);
HANDLER(api_duplicates_claim);
HANDLER(api_duplicates_release);
HANDLER(api_duplicates_resolve);

/* api_privacy.c */
HANDLER(api_privacy_erase);

/* api_events.c */
HANDLER(api_events_read);

/* api_webhooks.c */
HANDLER(api_webhooks_create);
HANDLER(api_webhooks_list);
HANDLER(api_webhooks_get);
HANDLER(api_webhooks_change);
HANDLER(api_webhooks_remove);
HANDLER(api_webhooks_rotate);
HANDLER(api_webhooks_test);
HANDLER(api_webhooks_replay);
HANDLER(api_webhooks_deliveries);
HANDLER(api_webhooks_replay_delivery);

/* api_jobs.c */
HANDLER(api_jobs_import);
HANDLER(api_jobs_propose);
HANDLER(api_jobs_undo);
HANDLER(api_jobs_export);
HANDLER(api_jobs_scan);
HANDLER(api_jobs_recompute);
HANDLER(api_jobs_list);
HANDLER(api_jobs_get);
HANDLER(api_jobs_cancel);
HANDLER(api_jobs_result);
HANDLER(api_jobs_errors);

/* api_system.c */
HANDLER(api_system_live);
HANDLER(api_system_ready);
HANDLER(api_system_metrics);
HANDLER(api_system_openapi);
HANDLER(api_system_asyncapi);
HANDLER(api_system_page);

#undef HANDLER

#endif
