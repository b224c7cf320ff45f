# The program as its next releases could be: this one with migrations that are not there yet (tests/operations/next). They show
# that the schema may be ahead of an instance that serves.
#     next/widened/customer360     knows 9001
#     next/narrowed/customer360    knows 9001 and 9002
TEST_STEPS += migrating

NEXT_PROGRAMS := $(BUILD)/next/widened/customer360 $(BUILD)/next/narrowed/customer360
NEXT_SQL      := $(wildcard tests/operations/next/*.sql)
$(BUILD)/next/widened/customer360: NEXT_MIGRATIONS = $(wildcard tests/operations/next/9001_*)
$(BUILD)/next/narrowed/customer360: NEXT_MIGRATIONS = $(NEXT_SQL)

$(NEXT_PROGRAMS): $(call object,src/service/main.c) $(LIBRARY) $(SQL_FILES) $(NEXT_SQL) tools/embed_sql.sh
	@rm -rf $(@D)/sql && mkdir -p $(@D) && cp -r sql $(@D)/sql && cp $(NEXT_MIGRATIONS) $(@D)/sql/migrations/postgres/
	$(Q)cd $(@D) && $(CURDIR)/tools/embed_sql.sh generated
	$(Q)$(CC) $(CFLAGS_BASE) $(CFLAGS) -c $(@D)/generated/sql_statements.c -o $(@D)/sql_statements.o
	$(call SAY,LINK)
	$(Q)$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $(call object,src/service/main.c) $(@D)/sql_statements.o $(LIBRARY) $(LDLIBS_BASE) $(LDLIBS)

.PHONY: migrating
migrating: $(BUILD)/customer360 $(NEXT_PROGRAMS)
	BUILD=$(BUILD) tests/operations/migrating.py --binary $(BUILD)/customer360
