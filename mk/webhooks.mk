# Webhooks with real receivers on loopback (tests/webhooks), on each store.
# What survives is tests/fault/webhooks.py: each fault once in `make test`; make faults-long (mk/faults.mk) for long.
TEST_STEPS += webhooks-sqlite webhooks-postgres webhooks-fault-checker webhooks-fault-sqlite webhooks-fault-postgres

.PHONY: webhooks webhooks-sqlite webhooks-postgres
webhooks: webhooks-sqlite webhooks-postgres
webhooks-sqlite webhooks-postgres: webhooks-%: $(BUILD)/customer360
	tests/webhooks/deliver.py --store $* --binary $(BUILD)/customer360

.PHONY: webhooks-fault webhooks-fault-checker webhooks-fault-sqlite webhooks-fault-postgres
webhooks-fault: webhooks-fault-checker webhooks-fault-sqlite webhooks-fault-postgres
webhooks-fault-checker:
	tests/fault/webhooks.py --self-test
webhooks-fault-sqlite webhooks-fault-postgres: webhooks-fault-%: fault-binary
	tests/fault/webhooks.py --store $* --binary $(BUILD)/fault/customer360
