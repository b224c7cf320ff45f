# The HTTP API from outside (tests/http): schemathesis driven by /openapi.json, corner cases byte for byte, walks
# through pages while others write, and the tour through generated clients.
#
#   make http-corner-cases http-boundaries http-pages http-clients
#   make http-fuzz                      as long as in `make test`, on each SQL store
#   make http-fuzz FUZZ_HTTP_SECONDS=3600 FUZZ_HTTP_FLAGS=--strict

FUZZ_HTTP_SECONDS ?= 50
TEST_STEPS += http-corner-cases http-boundaries http-pages http-clients http-fuzz-sqlite http-fuzz-postgres

.PHONY: http-corner-cases http-boundaries http-pages http-clients http-fuzz http-fuzz-sqlite http-fuzz-postgres
http-fuzz: http-fuzz-sqlite http-fuzz-postgres
http-fuzz-sqlite http-fuzz-postgres: http-fuzz-%: $(BUILD)/customer360
	BUILD=$(BUILD) tools/setup.sh all
	tests/http/fuzz.py --store $* --binary $(BUILD)/customer360 --venv $(BUILD)/venv --seconds $(FUZZ_HTTP_SECONDS) $(FUZZ_HTTP_FLAGS)

http-corner-cases: $(BUILD)/customer360
	tests/http/corner_cases.py --binary $(BUILD)/customer360

http-boundaries: $(BUILD)/customer360
	tests/http/boundaries.py --binary $(BUILD)/customer360

http-pages: $(BUILD)/customer360
	tests/http/pages.py --store memory --binary $(BUILD)/customer360
	tests/http/pages.py --store sqlite --binary $(BUILD)/customer360
	tests/http/pages.py --store postgres --binary $(BUILD)/customer360

http-clients: $(BUILD)/customer360
	BUILD=$(BUILD) tools/setup.sh all
	tests/http/clients.py --binary $(BUILD)/customer360 --build $(BUILD)
