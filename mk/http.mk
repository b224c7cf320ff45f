# The HTTP API from outside (tests/http): schemathesis driven by /openapi.json, and corner cases byte for byte.
#
#   make http-corner-cases
#   make http-fuzz                      as long as in `make test`, on each SQL store
#   make http-fuzz FUZZ_HTTP_SECONDS=3600

FUZZ_HTTP_SECONDS ?= 50
TEST_STEPS += http-corner-cases http-fuzz-sqlite http-fuzz-postgres

.PHONY: http-corner-cases http-fuzz http-fuzz-sqlite http-fuzz-postgres
http-fuzz: http-fuzz-sqlite http-fuzz-postgres
http-fuzz-sqlite http-fuzz-postgres: http-fuzz-%: $(BUILD)/customer360
	BUILD=$(BUILD) tools/setup.sh all
	tests/http/fuzz.py --store $* --binary $(BUILD)/customer360 --venv $(BUILD)/venv --seconds $(FUZZ_HTTP_SECONDS)

http-corner-cases: $(BUILD)/customer360
	tests/http/corner_cases.py --binary $(BUILD)/customer360
