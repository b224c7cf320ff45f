/* What was found, and how it is told. */
#include "service/doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "formats/json.h"

void doctor_found(struct doctor *doctor, enum severity severity, const char *advice,
                  const char *format, ...)
{
    if (doctor->count == FINDINGS_MAX) return;
    struct finding *finding = &doctor->findings[doctor->count++];
    va_list args;
    finding->severity = severity;
    finding->about = doctor->about;
    (void)snprintf(finding->advice, sizeof(finding->advice), "%s", advice);
    va_start(args, format);
    (void)vsnprintf(finding->what, sizeof(finding->what), format, args);
    va_end(args);
}

void doctor_found_error(struct doctor *doctor, const struct error *error)
{
    doctor_found(doctor, FINDING_FAILURE, error->allowed[0] ? error->allowed : "mend what it names",
                 "%s", error->message);
}

static void print_text(const struct doctor *doctor)
{
    static const char *const words[] = {"ok", "WARNING", "FAILURE"};
    for (size_t i = 0; i < doctor->count; i++) {
        const struct finding *finding = &doctor->findings[i];
        (void)printf("%-8s %-14s %s\n", words[finding->severity], finding->about, finding->what);
        if (finding->severity != FINDING_OK && finding->advice[0])
            (void)printf("%-8s %-14s -> %s\n", "", "", finding->advice);
    }
}

static void print_json(const struct doctor *doctor)
{
    static const struct str words[] = {STR("OK"), STR("WARNING"), STR("FAILURE")};
    struct buffer out = {.arena = doctor->arena};
    struct json_writer writer = {.out = &out};
    json_array_begin(&writer);
    for (size_t i = 0; i < doctor->count; i++) {
        const struct finding *finding = &doctor->findings[i];
        json_object_begin(&writer);
        json_member_string(&writer, STR("severity"), words[finding->severity]);
        json_member_string(&writer, STR("about"), str_from_cstr(finding->about));
        json_member_string(&writer, STR("finding"), str_from_cstr(finding->what));
        if (finding->advice[0])
            json_member_string(&writer, STR("advice"), str_from_cstr(finding->advice));
        json_object_end(&writer);
    }
    json_array_end(&writer);
    (void)printf("%.*s\n", STR_ARGS(buffer_str(&out)));
}

bool doctor_report(const struct doctor *doctor, bool json)
{
    bool failure = false;
    if (json)
        print_json(doctor);
    else
        print_text(doctor);
    for (size_t i = 0; i < doctor->count; i++)
        failure |= doctor->findings[i].severity == FINDING_FAILURE;
    return failure;
}
