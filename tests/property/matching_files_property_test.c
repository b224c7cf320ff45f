/* Laws of matching whole files, which are made with a seed, so a failure can be had again. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "matching/bulk.h"

static uint64_t state;

static uint32_t below(uint32_t limit)
{
    state = values_mix(state + 0x9E3779B97F4A7C15u);
    return (uint32_t)((state >> 32) * limit >> 32);
}

static const char *random_name(int syllables, char room[24])
{
    static const char *const syllable[] = {"ba", "ce", "di", "fo",  "gu",  "ha",  "je",  "ki",
                                           "lo", "mu", "na", "pe",  "ri",  "so",  "tu",  "va",
                                           "ze", "wo", "ya", "bro", "cla", "dri", "fle", "gra"};
    room[0] = 0;
    for (int i = 0; i < syllables; i++) {
        size_t used = strlen(room);
        (void)snprintf(room + used, 24 - used, "%s", syllable[below(24)]);
    }
    return room;
}

static struct bulk *match(const char *path, unsigned threads)
{
    struct bulk *bulk = NULL;
    struct error error = {.status = STATUS_OK};
    struct bulk_options options = {.threads = threads, .train = true};
    struct columns_request request = {0};
    assert_int_equal(bulk_new(&options, &bulk, &error), STATUS_OK);
    assert_int_equal(bulk_read(bulk, path, &request, &error), STATUS_OK);
    assert_int_equal(bulk_match(bulk, &error), STATUS_OK);
    return bulk;
}

/* ------------------------------------------------------------------ many records a customer */

/* Customers one after the other, who moved with every record and are misspelled now and then. */
static void write_customers(FILE *file, uint32_t rows, uint32_t per_customer, bool with_number)
{
    char given[24], family[24], street[24];
    (void)fprintf(file, "row_id,first_name,last_name,dob,ssn,street,zip\n");
    for (uint32_t row = 0; row < rows; row += per_customer) {
        unsigned year = 1940 + below(60), month = 1 + below(12), day = 1 + below(28);
        unsigned number = 100000000 + below(800000000), postcode = 10000 + below(90000);
        random_name(2, given);
        random_name(3, family);
        for (uint32_t i = row; i < row + per_customer && i < rows; i++) {
            (void)fprintf(file, "%u,%s,%s%s,%04u-%02u-%02u,", i, given, family,
                          below(10) ? "" : "x", year, month, day);
            if (with_number) (void)fprintf(file, "%u", number);
            (void)fprintf(file, ",%u %s St,%u\n", 1 + below(900), random_name(3, street), postcode);
        }
    }
}

/* How many of the rows are in the cluster of their customer's first row. */
static double share_whole(const struct bulk *bulk, uint32_t rows, uint32_t per_customer)
{
    uint32_t together = 0;
    for (uint32_t row = 0; row < rows; row++)
        together += bulk_cluster(bulk, row) == bulk_cluster(bulk, row - row % per_customer);
    return together / (double)rows;
}

static void customers_with_many_records_are_found_whole(void **unused)
{
    (void)unused;
    static const struct {
        uint32_t rows, per_customer;
        bool with_number;
    } files[] = {
        {1000, 2, false},   {1000, 20, true},   {1000, 200, true},  {20000, 60, false},
        {50000, 15, false}, {50000, 200, true}, {100000, 5, false}, {200000, 40, false},
    };
    char path[] = "/tmp/matching_files_XXXXXX";
    assert_true(close(mkstemp(path)) == 0);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        state = 7 + i;
        write_customers(file, files[i].rows, files[i].per_customer, files[i].with_number);
        assert_int_equal(fclose(file), 0);
        struct bulk *bulk = match(path, 2);
        double whole = share_whole(bulk, files[i].rows, files[i].per_customer);
        if (whole < 0.99)
            fail_msg("%u rows, %u a customer: %.4f", files[i].rows, files[i].per_customer, whole);
        bulk_free(bulk);
    }
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(customers_with_many_records_are_found_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
