# The files under console/ become build/generated/console_files.{h,c}.

CONSOLE_FILES := $(shell find console -type f | LC_ALL=C sort)
GENERATED_H += $(BUILD)/generated/console_files.h
GENERATED_C += $(BUILD)/generated/console_files.c

$(BUILD)/generated/console_files.h $(BUILD)/generated/console_files.c &: $(CONSOLE_FILES) console tools/embed_files.sh
	tools/embed_files.sh $(BUILD)/generated $(CONSOLE_FILES)
