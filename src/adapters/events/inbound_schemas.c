#include "adapters/events/inbound_schemas.h"

static void add(struct inbound_schema *schema, struct str name, enum avro_field_type type)
{
    if (schema->record.field_count < INBOUND_FIELDS_MAX)
        schema->fields[schema->record.field_count++] = (struct avro_field){name, type};
}

static void add_attributes(struct inbound_schema *schema)
{
    for (size_t i = 0; i < profile_field_count; i++) {
        const struct profile_field *field = &profile_fields[i];
        if (field->shape == SHAPE_TEXT_LIST)
            add(schema, field->name, AVRO_FIELD_STRINGS);
        else if (field->shape != SHAPE_OBJECT_LIST && field->shape != SHAPE_MAP)
            add(schema, field->name, AVRO_FIELD_OPTIONAL_STRING);
    }
}

void inbound_schema_init(enum inbound_type type, struct inbound_schema *schema)
{
    const struct inbound_type_row *row = &inbound_types[type];
    *schema = (struct inbound_schema){
        .record = {.space = STR("com.erp.crm.customer360.events"), .name = row->name}};
    schema->record.fields = schema->fields;
    add(schema, STR("eventId"), AVRO_FIELD_STRING);
    add(schema, STR("timestamp"), AVRO_FIELD_TIMESTAMP_MILLIS);
    add(schema, STR("tenantId"), AVRO_FIELD_STRING);
    for (size_t i = 0; i < row->field_count; i++)
        add(schema, row->fields[i].name,
            row->fields[i].required ? AVRO_FIELD_STRING : AVRO_FIELD_OPTIONAL_STRING);
    if (row->has_attributes) add_attributes(schema);
}
