# What the program says on its command line, and its exit codes (tests/command).
TEST_STEPS += command-line

.PHONY: command-line
command-line: $(BUILD)/customer360
	tests/command/run.py --binary $(BUILD)/customer360
