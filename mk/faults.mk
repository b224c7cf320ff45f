# The long fault runs (tests/fault/long.py), one after the other: FAULTS_CYCLES faults each; with FAULTS_MINUTES none goes on
# for longer, and says how many there were. FAULTS="relay-postgres ..." for some. Their results go into docs/operating.md.
FAULTS_CYCLES  ?= 200
FAULTS_MINUTES ?= 0

.PHONY: faults-long
faults-long: fault-binary kafka-setup $(BUILD)/fault/unguarded.so
	BUILD=$(BUILD) tools/servers.sh 3.9
	$(KAFKA_PYTHON) tests/fault/long.py --build $(BUILD) --cycles $(FAULTS_CYCLES) --minutes $(FAULTS_MINUTES) $(FAULTS)
