/* Kafka: are the brokers there, do they let us in, are the topics as agreed, does the registry
 * answer. Makes no topic, registers nothing, begins no transaction. */
#include "service/doctor.h"
#include "service/publishing.h"

static struct str advice_for(enum status status)
{
    return status == STATUS_CONFIGURATION
               ? STR("mend it; until then events wait in the outbox, and all else works")
               : STR("see that they run and are reached from here; until then events wait");
}

void doctor_check_kafka(struct doctor *doctor)
{
    const struct config_values *v = &doctor->config->values;
    struct kafka_publisher_options options;
    struct error error = {.status = STATUS_OK};
    if (publishing_is_off(v)) {
        doctor_found(doctor, FINDING_OK, "",
                     "no brokers are configured: events are in the feed only");
        return;
    }
    enum status status = publishing_options(v, doctor->arena, &options, &error);
    if (status == STATUS_OK) status = kafka_publisher_check(&options, doctor->arena, &error);
    if (status == STATUS_OK)
        doctor_found(doctor, FINDING_OK, "", "brokers and topics are as they must be%s",
                     options.format == EVENT_FORMAT_REGISTRY ? ", and the registry answers" : "");
    else if (options.create_topics &&
             str_ends_with(str_from_cstr(error.message), STR("is not there")))
        doctor_found(doctor, FINDING_OK, "", "%s yet and will be made", error.message);
    else
        doctor_found(doctor, FINDING_FAILURE, advice_for(status).ptr, "%s", error.message);
}
