# Webhooks with real receivers on loopback (tests/webhooks), on each store.
TEST_STEPS += webhooks-sqlite webhooks-postgres

.PHONY: webhooks webhooks-sqlite webhooks-postgres
webhooks: webhooks-sqlite webhooks-postgres
webhooks-sqlite webhooks-postgres: webhooks-%: $(BUILD)/customer360
	tests/webhooks/deliver.py --store $* --binary $(BUILD)/customer360
