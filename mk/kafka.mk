# Kafka: what others read and send (tests/kafka), and what survives (tests/fault/relay.py, consumer.py), with real brokers and a
# registry from build/servers. In `make test` each fault is met once; KAFKA_FAULT_CYCLES=200 make kafka-fault for long.

# Another implementation of Avro, to read with what ours has written.
$(BUILD)/tests/src/formats/avro_test $(BUILD)/tests/src/adapters/events/event_message_test: LDLIBS += -lavro

KAFKA_FAULT_CYCLES ?= 0
KAFKA_PYTHON        = $(BUILD)/venv/bin/python3
TEST_STEPS         += kafka-publish kafka-consume kafka-fault-checker kafka-fault-sqlite kafka-fault-postgres \
                      kafka-consume-fault-sqlite kafka-consume-fault-postgres

.PHONY: kafka-setup kafka-publish kafka-consume kafka-fault kafka-fault-checker kafka-fault-sqlite kafka-fault-postgres
kafka-setup:
	BUILD=$(BUILD) tools/setup.sh all

kafka-publish: $(BUILD)/customer360 kafka-setup
	$(KAFKA_PYTHON) tests/kafka/publish.py --binary $(BUILD)/customer360

kafka-consume: $(BUILD)/customer360 kafka-setup
	$(KAFKA_PYTHON) tests/kafka/consume.py --binary $(BUILD)/customer360

kafka-fault: kafka-fault-checker kafka-fault-sqlite kafka-fault-postgres kafka-consume-fault-sqlite kafka-consume-fault-postgres
kafka-fault-checker: kafka-setup
	$(KAFKA_PYTHON) tests/fault/relay.py --self-test
	$(KAFKA_PYTHON) tests/fault/consumer.py --self-test

# What does not depend on the store is met on one of them.
kafka-fault-postgres: KAFKA_FAULT_ONLY = $(if $(filter 0,$(KAFKA_FAULT_CYCLES)),random$(COMMA)stop$(COMMA)stalled$(COMMA)server$(COMMA)cut)
kafka-fault-sqlite kafka-fault-postgres: kafka-fault-%: fault-binary kafka-setup
	$(KAFKA_PYTHON) tests/fault/relay.py --store $* --cycles $(KAFKA_FAULT_CYCLES) --only "$(KAFKA_FAULT_ONLY)" \
	    --binary $(BUILD)/fault/customer360

kafka-consume-fault-postgres: KAFKA_FAULT_ONLY = $(if $(filter 0,$(KAFKA_FAULT_CYCLES)),random$(COMMA)stop$(COMMA)stalled$(COMMA)server$(COMMA)cut)
kafka-consume-fault-sqlite kafka-consume-fault-postgres: kafka-consume-fault-%: fault-binary kafka-setup
	$(KAFKA_PYTHON) tests/fault/consumer.py --store $* --cycles $(KAFKA_FAULT_CYCLES) --only "$(KAFKA_FAULT_ONLY)" \
	    --binary $(BUILD)/fault/customer360

COMMA := ,
