/* What the machine has for this process. */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H

#include <stdint.h>

/* Bytes of memory that the process may use: the machine's, or less where its control group is held
 * to less (systemd's MemoryMax=, containers). */
int64_t machine_memory_bytes(void);

#endif
