# Kafka: what others read and send (tests/kafka), and what survives (tests/fault/relay.py, consumer.py), with real brokers and a
# registry from build/servers. In `make test` each fault is met once; make faults-long (mk/faults.mk) for long.

# Another implementation of Avro, to read with what ours has written.
$(BUILD)/tests/src/formats/avro_test $(BUILD)/tests/src/adapters/events/event_message_test: LDLIBS += -lavro

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

# What does not depend on the store is met on one of them. What they rest on is taken away where there are two instances.
$(BUILD)/fault/unguarded.so: tests/fault/unguarded.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -shared -fPIC -O2 -Wall -Wextra -o $@ $<

KAFKA_FAULT = --binary $(BUILD)/fault/customer360
kafka-fault-postgres kafka-consume-fault-postgres: KAFKA_FAULT += --unguarded $(BUILD)/fault/unguarded.so \
    --only random,stop,stalled,halted,server,cut
kafka-fault-sqlite: KAFKA_FAULT += --brokers 3
kafka-fault-sqlite kafka-fault-postgres: kafka-fault-%: fault-binary kafka-setup $(BUILD)/fault/unguarded.so
	$(KAFKA_PYTHON) tests/fault/relay.py --store $* $(KAFKA_FAULT)
kafka-consume-fault-sqlite kafka-consume-fault-postgres: kafka-consume-fault-%: fault-binary kafka-setup $(BUILD)/fault/unguarded.so
	$(KAFKA_PYTHON) tests/fault/consumer.py --store $* $(KAFKA_FAULT)

