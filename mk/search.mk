# How often a search finds who was meant, on the labelled sets (MATCHING_DATA, see matching.mk); the bars are for all sets
# together.
#
#   make search-relevance SEARCH_QUERIES=1000

SEARCH_QUERIES ?= 300

.PHONY: search-relevance
TEST_STEPS += search-relevance

search-relevance: all
	MATCHING_BUILD=$(BUILD) MATCHING_DATA=$(MATCHING_DATA) tests/search_relevance.py --queries $(SEARCH_QUERIES)
