# The command line (tests/commands): exit codes, messages, files, signals, and mistakes of every kind.
TEST_STEPS += commands

.PHONY: commands
commands: $(BUILD)/customer360
	tests/commands/run.py --binary $(BUILD)/customer360
	tests/commands/mistakes.py --binary $(BUILD)/customer360
