/* Dead letters: what is put aside, as a row of the store and as a record. Keys and values that are
 * no text are written as base64url. */
#ifndef ADAPTERS_EVENTS_DEAD_LETTERS_H
#define ADAPTERS_EVENTS_DEAD_LETTERS_H

#include "adapters/events/consumer_waiting.h"
#include "adapters/events/inbound_reader.h"
#include "application/consume_events.h"
#include "engines/kafka/kafka.h"

/* Their topic, unless it is configured otherwise. */
#define DEAD_LETTERS_TOPIC "crm.customer360.dead-letters"

/* The code of a message that was put aside only because one before it with its key was. */
#define DEAD_LETTERS_BEHIND STR("KEY_PARKED")

/* Absent for an absent one, and when out of memory. */
struct str dead_letters_text(struct str bytes, struct arena *arena);

/* `event` says whom it is about, as far as that is known. A reason whose status is
 * STATUS_OK is that the key is parked. */
MUST_CHECK enum status dead_letters_make(const struct item *item, const struct inbound_event *event,
                                         const struct error *why, instant now, struct arena *arena,
                                         struct dead_letter *letter, struct error *error);
/* As a record of the dead-letter topic: key and value as they were, and what
 * message_headers_letter says. A value or key that is too large for a record is left out.
 * STATUS_CONFIGURATION: the topic does not take it, and never will as things are configured. */
MUST_CHECK enum status dead_letters_send(struct kafka_producer *producer, struct str topic,
                                         const struct item *item, const struct dead_letter *letter,
                                         struct arena *arena, struct error *error);

/* Tries a letter again: reads and consumes it. `*result` says what became of it. */
MUST_CHECK enum status dead_letters_replay(struct application *application,
                                           struct inbound_reader *reader, enum inbound_type type,
                                           const struct dead_letter *letter, struct arena *arena,
                                           struct consumed *result, struct error *error);

#endif
