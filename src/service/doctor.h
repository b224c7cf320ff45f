/* What the parts of `doctor` share. A check looks at one thing and files what it found; it changes
 * nothing. doctor_store.c, doctor_kafka.c and doctor_webhooks.c have those that their names say,
 * command_doctor.c all others.
 */
#ifndef SERVICE_DOCTOR_H
#define SERVICE_DOCTOR_H

#include "service/command.h"

enum severity { FINDING_OK, FINDING_WARNING, FINDING_FAILURE };
enum { FINDINGS_MAX = 64 };

struct finding {
    enum severity severity;
    const char *about;
    char what[300];
    char advice[300];
};

struct doctor {
    const struct config *config;
    struct arena *arena;
    const char *about; /* of the check under way */
    struct finding findings[FINDINGS_MAX];
    size_t count;
    bool full;         /* look at everything, not at a sample */
    bool store_in_use; /* by another process, probably the service */
};

/* Files a finding with what to do about it ("": nothing). */
void doctor_found(struct doctor *doctor, enum severity severity, const char *advice,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
void doctor_found_error(struct doctor *doctor, const struct error *error);

/* Prints all of it; whether there is a failure among it. */
bool doctor_report(const struct doctor *doctor, bool json);

void doctor_check_store(struct doctor *doctor);
void doctor_check_kafka(struct doctor *doctor);
void doctor_check_webhooks(struct doctor *doctor);

#endif
