# Publishing to Kafka (tests/kafka): real brokers and a registry, from build/servers.

# Another implementation of Avro, to read with what ours has written.
$(BUILD)/tests/src/formats/avro_test $(BUILD)/tests/src/adapters/events/event_message_test: LDLIBS += -lavro

TEST_STEPS += kafka-publish

.PHONY: kafka-publish
kafka-publish: $(BUILD)/customer360
	BUILD=$(BUILD) tools/setup.sh all
	$(BUILD)/venv/bin/python3 tests/kafka/publish.py --binary $(BUILD)/customer360
