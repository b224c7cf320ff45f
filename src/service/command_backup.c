/* backup, restore, digest: the whole store, whatever its engine. See adapters/store/backup.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adapters/store/backup.h"
#include "adapters/store/sql_store.h"
#include "adapters/store/store_health.h"
#include "application/record_keys.h"
#include "base/log.h"
#include "service/files.h"
#include "service/progress.h"
#include "service/store_command.h"
#include "service/version.h"

static void tell(void *context, int64_t rows)
{
    progress_tell(context, rows, 0, 0);
}

static void print_totals(const struct invocation *invocation, const char *what,
                         const struct backup_totals *totals, double seconds, FILE *to)
{
    char rows[PROGRESS_NUMBER_MAX];
    if (invocation_switch(invocation, STR("json")))
        (void)fprintf(to,
                      "{\"rows\":%lld,\"tables\":%lld,\"digest\":\"%s\",\"milliseconds\":%lld}\n",
                      (long long)totals->rows, (long long)totals->tables, totals->digest,
                      (long long)(seconds * 1000));
    else
        (void)fprintf(to, "%s%s rows of %lld tables in %.1f s\ndigest %s\n", what,
                      progress_number(totals->rows, rows), (long long)totals->tables, seconds,
                      totals->digest);
}

static bool is_standard(struct str file)
{
    return str_equal(file, STR("-"));
}

static enum status failed(struct str file, struct error *error)
{
    return error_set(error, STATUS_IO, STR("FILE"), STR(""), "%.*s: %s", STR_ARGS(file),
                     strerror(errno));
}

/* --- backup --- */

static enum status fill_header(const struct invocation *invocation, struct backup_header *header,
                               struct error *error)
{
    char now[INSTANT_TEXT_MAX];
    struct environment *environment = environment_system();
    *header =
        (struct backup_header){.schema = backup_schema(), .program = STR(CUSTOMER360_VERSION)};
    header->taken_at =
        arena_str(invocation->arena, instant_format(environment->now(environment), now));
    if (str_is_none(header->taken_at)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return instance_key_text(&invocation->config.values, invocation->arena,
                             &header->suppression_key, error);
}

static enum status require_owner(const struct instance *instance, struct error *error)
{
    if (instance->kind != STORE_KIND_POSTGRES) return STATUS_OK;
    return store_health_require_owner(instance->store, error);
}

/* The whole store to `out`, or its digest alone. */
static enum status copy_out(struct invocation *invocation, FILE *out, struct backup_totals *totals,
                            double *seconds, struct error *error)
{
    struct instance instance;
    struct backup_header header = {.schema = 0};
    struct progress progress;
    log_configure(LOG_LEVEL_WARN, LOG_FORM_AUTO, STDERR_FILENO);
    TRY(instance_open_aside(&invocation->config.values, invocation->arena, &instance, error));
    enum status status = require_owner(&instance, error);
    if (status == STATUS_OK) status = sql_store_check_exact(instance.store, error);
    if (status == STATUS_OK && out) status = fill_header(invocation, &header, error);
    progress_begin(&progress, STR("rows"), out == stdout);
    if (status == STATUS_OK)
        status = backup_write(instance.store, &header, out, tell, &progress, totals, error);
    *seconds = progress_end(&progress);
    instance_close(&instance);
    return status;
}

/* Under its name only when it is whole and on the disk. */
static enum status copy_to_file(struct invocation *invocation, struct str file,
                                struct backup_totals *totals, double *seconds, struct error *error)
{
    struct arena *arena = invocation->arena;
    struct str part = arena_format(arena, "%.*s.part", STR_ARGS(file));
    char *name = arena_cstr(arena, file);
    if (str_is_none(part) || !name) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (files_exists(file, arena))
        return error_set(error, STATUS_USAGE, STR("FILE"), STR("a name that is not taken"),
                         "%.*s is there already", STR_ARGS(file));
    /* One that was left, or put there by somebody else, may be a link or open to others. */
    (void)unlink(part.ptr);
    int descriptor = open(part.ptr, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (!out) return failed(part, error);
    enum status status = copy_out(invocation, out, totals, seconds, error);
    if (status == STATUS_OK && (fflush(out) != 0 || fsync(descriptor) != 0))
        status = failed(part, error);
    if (fclose(out) != 0 && status == STATUS_OK) status = failed(part, error);
    if (status == STATUS_OK && rename(part.ptr, name) != 0) status = failed(file, error);
    if (status != STATUS_OK) (void)unlink(part.ptr);
    return status == STATUS_OK ? files_sync_directory(files_directory_of(file), arena, error)
                               : status;
}

static enum status run_backup(struct invocation *invocation, struct error *error)
{
    struct backup_totals totals = {0};
    double seconds = 0;
    if (invocation->operand_count == 0)
        return error_set(error, STATUS_USAGE, STR("FILE"),
                         STR("a file that is not there yet, or -"), "where shall the backup go?");
    struct str file = invocation->operands[0];
    if (is_standard(file)) {
        TRY(copy_out(invocation, stdout, &totals, &seconds, error));
        if (fflush(stdout) != 0) return failed(file, error);
    } else {
        TRY(copy_to_file(invocation, file, &totals, &seconds, error));
    }
    print_totals(invocation, "", &totals, seconds, is_standard(file) ? stderr : stdout);
    return STATUS_OK;
}

static const struct command_option json_option[] = {
    {STR("json"), STR_NONE, STR("a summary that a program reads")},
};

const struct command command_backup = {
    .name = STR("backup"),
    .operands = STR("FILE"),
    .operands_max = 1,
    .summary = STR("writes the whole store, all tenants, to a file, while the service runs"),
    .text = STR(
        "  customer360 backup /backup/customer360-2026-02-02.backup\n"
        "  customer360 backup - | zstd > customer360.backup.zst\n\n"
        "One snapshot of every table, and the key of the suppression list: guard the file as\n"
        "you do the store. FILE appears when it is whole. With PostgreSQL it reads as the role\n"
        "of store.migration_url. The embedded store's is restored into PostgreSQL, and back."),
    .options = json_option,
    .option_count = 1,
    .run = run_backup,
};

/* --- digest --- */

static enum status run_digest(struct invocation *invocation, struct error *error)
{
    struct backup_totals totals = {0};
    double seconds = 0;
    TRY(copy_out(invocation, NULL, &totals, &seconds, error));
    print_totals(invocation, "", &totals, seconds, stdout);
    return STATUS_OK;
}

const struct command command_digest = {
    .name = STR("digest"),
    .operands = STR(""),
    .summary = STR("says what is in a store in one number, the same on every engine"),
    .text =
        STR("Two stores with the same rows have the same digest, whatever their engine and order;\n"
            "a backup's last line has that of its snapshot. It may run beside the service."),
    .options = json_option,
    .option_count = 1,
    .run = run_digest,
};

/* --- restore --- */

static enum status rebuild_keys(struct store_session *session, void *context, struct error *error)
{
    struct arena arena;
    arena_init(&arena, (size_t)1 << 30);
    enum status status = record_keys_rebuild(context, session, &arena, error);
    arena_release(&arena);
    return status;
}

/* One that the operator keeps must be the backup's, or is made when it is not there. */
static enum status settle_kept_key(const struct invocation *invocation, struct str key,
                                   struct error *error)
{
    const struct config_values *config = &invocation->config.values;
    struct arena *arena = invocation->arena;
    struct str path = config->privacy_suppression_key_file, there;
    if (str_is_empty(path)) return STATUS_OK;
    if (!files_exists(path, arena)) return files_create(path, 0600, key, arena, error);
    TRY(instance_key_text(config, arena, &there, error));
    if (str_equal(there, str_trim(key))) return STATUS_OK;
    return error_set(error, STATUS_CONFIGURATION, STR("privacy.suppression_key_file"),
                     STR("the key that the backup was made with, or a file that is not there"),
                     "%.*s is not the key of this backup: its suppression list would be worthless",
                     STR_ARGS(path));
}

/* The one beside an embedded store, which is empty and ours, gives way. */
static enum status settle_own_key(const struct invocation *invocation, struct str key,
                                  struct error *error)
{
    const struct config_values *config = &invocation->config.values;
    struct str path = instance_key_path(config, invocation->arena);
    if (str_is_none(path) || !str_is_empty(config->privacy_suppression_key_file)) return STATUS_OK;
    return files_replace(path, 0600, key, invocation->arena, error);
}

/* While it is marked nobody takes the store for a good one: a kill leaves it so, as does what fails
 * before it is open; a failure of the load does not, for its message says it all. */
static enum status load_marked(const struct invocation *invocation, struct instance *instance,
                               FILE *in, struct str key, struct progress *progress,
                               struct backup_totals *totals, struct error *error)
{
    struct error ignored;
    TRY(backup_begin_load(instance->store, error));
    enum status status = settle_own_key(invocation, key, error);
    if (status == STATUS_OK)
        status = backup_load(instance->store, in, rebuild_keys, &instance->application, tell,
                             progress, totals, error);
    if (status != STATUS_OK) (void)!backup_abandon(instance->store, &ignored);
    return status;
}

static enum status load(struct invocation *invocation, FILE *in, const struct backup_header *header,
                        struct backup_totals *totals, double *seconds, struct error *error)
{
    struct instance instance;
    struct progress progress;
    struct str key = arena_format(invocation->arena, "%.*s\n", STR_ARGS(header->suppression_key));
    if (str_is_none(key)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(settle_kept_key(invocation, key, error));
    TRY(instance_open_whole(&invocation->config.values, invocation->arena, &instance, error));
    progress_begin(&progress, STR("rows"), invocation_switch(invocation, STR("json")));
    enum status status = require_owner(&instance, error);
    if (status == STATUS_OK)
        status = load_marked(invocation, &instance, in, key, &progress, totals, error);
    *seconds = progress_end(&progress);
    instance_close(&instance);
    return status;
}

static enum status run_restore(struct invocation *invocation, struct error *error)
{
    struct backup_header header;
    struct backup_totals totals = {0};
    double seconds = 0;
    if (invocation->operand_count == 0)
        return error_set(error, STATUS_USAGE, STR("FILE"), STR("a file of `backup`, or -"),
                         "what shall be restored?");
    struct str file = invocation->operands[0];
    char *name = arena_cstr(invocation->arena, file);
    FILE *in = is_standard(file) ? stdin : name ? fopen(name, "re") : NULL;
    if (!in)
        return error_set(error, STATUS_IO, STR("FILE"), STR("a file that can be read, or -"),
                         "%.*s: %s", STR_ARGS(file), strerror(errno));
    log_configure(LOG_LEVEL_WARN, LOG_FORM_AUTO, STDERR_FILENO);
    enum status status = backup_read_header(in, invocation->arena, &header, error);
    if (status == STATUS_OK) status = load(invocation, in, &header, &totals, &seconds, error);
    if (in != stdin) (void)fclose(in);
    if (status == STATUS_OK) print_totals(invocation, "restored: ", &totals, seconds, stdout);
    return status;
}

const struct command command_restore = {
    .name = STR("restore"),
    .operands = STR("FILE"),
    .operands_max = 1,
    .summary = STR("reads a backup into an empty store"),
    .text = STR(
        "  customer360 restore /backup/customer360-2026-02-02.backup --store sqlite:new.db\n"
        "  zstdcat customer360.backup.zst | customer360 restore -\n\n"
        "All of it or nothing: in one transaction, which is undone when the file is cut off or\n"
        "damaged, or when this is killed: then nothing opens the store until\n"
        "it is restored into again. The store must be empty and, with PostgreSQL, migrated."),
    .options = json_option,
    .option_count = 1,
    .run = run_restore,
};
