# make api-description    writes schemas/openapi.json, schemas/avro and the tables of docs/api.md anew
# make api-description-check    fails when they are not as the code has it

TEST_STEPS += api-description-check

WRITE_API := $(BUILD)/tools/write_api

$(WRITE_API): $(BUILD)/objects/tools/write_api.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_BASE) $(LDFLAGS) -o $@ $^ $(LDLIBS_BASE) $(LDLIBS)

.PHONY: api-description api-description-check
api-description: $(WRITE_API)
	tools/describe_api.sh $(WRITE_API) .

api-description-check: $(WRITE_API)
	@rm -rf $(BUILD)/described
	@mkdir -p $(BUILD)/described/schemas $(BUILD)/described/docs
	@cp docs/api.md $(BUILD)/described/docs/
	@tools/describe_api.sh $(WRITE_API) $(BUILD)/described
	@cmp schemas/openapi.json $(BUILD)/described/schemas/openapi.json && \
	cmp schemas/asyncapi.json $(BUILD)/described/schemas/asyncapi.json && \
	diff -r schemas/avro $(BUILD)/described/schemas/avro && \
	cmp docs/api.md $(BUILD)/described/docs/api.md || \
	    { echo "make api-description has not been run"; exit 1; }
