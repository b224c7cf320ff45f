# How often a search finds who was meant, on the labelled sets (MATCHING_DATA, see matching.mk); in the test run with
# few queries.
#
#   make search-relevance SEARCH_QUERIES=1000

SEARCH_QUERIES ?= 60

.PHONY: search-relevance
TEST_STEPS += search-relevance

search-relevance: all
	MATCHING_BUILD=$(BUILD) MATCHING_DATA=$(MATCHING_DATA) tests/search_relevance.py --queries $(SEARCH_QUERIES)
