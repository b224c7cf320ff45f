/* An SQLite VFS over the system's that fails on demand: a full disk, a failing sync, files that
 * turned read-only. Registered as the default, so that the engine under test need not know.
 *
 *     faulty_vfs_install();
 *     faulty_vfs_set(FAULT_WRITE, SQLITE_FULL);     every write to a WAL or database fails from now
 * on faulty_vfs_set(FAULT_WRITE, SQLITE_OK);
 */
#ifndef SUPPORT_FAULTY_VFS_H
#define SUPPORT_FAULTY_VFS_H

#include <sqlite3.h>

enum faulty_vfs_call { FAULT_WRITE, FAULT_SYNC, FAULT_COUNT };

void faulty_vfs_install(void);
void faulty_vfs_set(enum faulty_vfs_call call, int code);

#endif
