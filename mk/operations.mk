# What an operator does, and what befalls him (tests/operations): backup and restore, reload.
TEST_STEPS += backup reload

.PHONY: backup reload
backup reload: $(BUILD)/customer360
	tests/operations/$@.py --binary $(BUILD)/customer360
