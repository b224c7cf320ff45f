# What an operator does, and what befalls him (tests/operations): backup and restore.
TEST_STEPS += backup

.PHONY: backup
backup: $(BUILD)/customer360
	tests/operations/backup.py --binary $(BUILD)/customer360
