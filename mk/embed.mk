# The statements and migrations under sql/ become build/generated/sql_statements.{h,c}.

SQL_FILES := $(shell find sql -name '*.sql' | LC_ALL=C sort)
GENERATED_H += $(BUILD)/generated/sql_statements.h
GENERATED_C += $(BUILD)/generated/sql_statements.c

$(BUILD)/generated/sql_statements.h $(BUILD)/generated/sql_statements.c &: $(SQL_FILES) tools/embed_sql.sh sql sql/sqlite sql/postgres sql/migrations sql/migrations/sqlite sql/migrations/postgres
	tools/embed_sql.sh $(BUILD)/generated
