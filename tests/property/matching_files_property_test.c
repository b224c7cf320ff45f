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

static struct bulk *match(const char *path, unsigned threads, const struct columns_request *request)
{
    struct bulk *bulk = NULL;
    struct error error = {.status = STATUS_OK};
    struct bulk_options options = {.threads = threads, .train = true};
    assert_int_equal(bulk_new(&options, &bulk, &error), STATUS_OK);
    assert_int_equal(bulk_read(bulk, path, request, &error), STATUS_OK);
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
        struct bulk *bulk = match(path, 2, &(struct columns_request){0});
        double whole = share_whole(bulk, files[i].rows, files[i].per_customer);
        if (whole < 0.99)
            fail_msg("%u rows, %u a customer: %.4f", files[i].rows, files[i].per_customer, whole);
        bulk_free(bulk);
    }
    (void)unlink(path);
}

/* ------------------------------------------------------------------ several values of a field */

enum { ROWS = 4000, ROW_MAX = 256 };

/* Two in random order; now and then one is missing. */
static size_t write_two(char *room, size_t size, const char *a, const char *b)
{
    bool swapped = below(5) < 2;
    if (below(4) == 0) b = "";
    return (size_t)snprintf(room, size, ",%s,%s", swapped ? b : a, swapped ? a : b);
}

static const char *spoiled(const char *name, char room[32])
{
    (void)snprintf(room, 32, "%.24s%s", name, below(4) ? "" : "a");
    return room;
}

/* Up to three rows of a customer; each field stands twice. */
static size_t make_rows_with_lists(char (*rows)[ROW_MAX])
{
    char given[24], family[2][24], city[2][24], street[2][24], room[32];
    size_t count = 0;
    while (count + 3 < ROWS) {
        state = values_mix(count + 5);
        unsigned year = 1940 + below(60), month = 1 + below(12), day = 1 + below(28);
        random_name(2, given);
        for (int i = 0; i < 2; i++) {
            state = below(400) + 1000;
            random_name(2, family[i]);
            state = count * 31 + (unsigned)i;
            random_name(3, street[i]);
            random_name(1, city[i]);
        }
        for (unsigned copy = 0, copies = 1 + below(3); copy < copies; copy++, count++) {
            size_t at = (size_t)snprintf(rows[count], ROW_MAX, "%s", spoiled(given, room));
            at += write_two(rows[count] + at, ROW_MAX - at, spoiled(family[0], room), family[1]);
            at += write_two(rows[count] + at, ROW_MAX - at, city[0], city[1]);
            at += write_two(rows[count] + at, ROW_MAX - at, street[0], street[1]);
            (void)snprintf(rows[count] + at, ROW_MAX - at, ",%04u-%02u-%02u\n",
                           below(3) ? year : 1940 + below(60), month, day);
        }
    }
    return count;
}

static const char *const person_maps[] = {"a=given-name", "b=family-name", "c=family-name",
                                          "d=city",       "e=city",        "h=birth-date"};
static const char *const organisation_maps[] = {
    "a=organisation", "b=organisation", "c=organisation", "d=city",
    "e=city",         "f=street",       "g=street",       "h=birth-date"};
static const char *const streets[] = {"f", "g"};
static const struct columns_request kinds[] = {
    {.maps = person_maps, .map_count = 6, .ignored = streets, .ignored_count = 2},
    {.maps = organisation_maps, .map_count = 8}};

static struct bulk *match_rows(const char *path, char (*rows)[ROW_MAX], const size_t *order,
                               size_t count, const struct columns_request *request)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs("a,b,c,d,e,f,g,h\n", file);
    for (size_t i = 0; i < count; i++) (void)fputs(rows[order[i]], file);
    assert_int_equal(fclose(file), 0);
    return match(path, 2, request);
}

/* Row i of the one is row place[i] of the other. */
static void assert_same_clusters(const struct bulk *one, const struct bulk *other,
                                 const size_t *place, size_t count)
{
    static uint32_t there[ROWS];
    for (uint32_t i = 0; i < count; i++)
        there[bulk_cluster(one, i)] = bulk_cluster(other, (uint32_t)place[i]);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(there[bulk_cluster(one, i)], bulk_cluster(other, (uint32_t)place[i]));
    assert_int_equal(bulk_cluster_count(one), bulk_cluster_count(other));
}

static void the_row_order_does_not_matter_where_fields_have_several_values(void **unused)
{
    (void)unused;
    static char rows[ROWS][ROW_MAX];
    static size_t plain[ROWS], order[ROWS], place[ROWS];
    char path[] = "/tmp/matching_files_XXXXXX";
    assert_true(close(mkstemp(path)) == 0);
    size_t count = make_rows_with_lists(rows);
    for (size_t i = 0; i < count; i++) plain[i] = order[i] = i;
    for (size_t i = count; i-- > 1;) {
        size_t j = below((uint32_t)i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    for (size_t i = 0; i < count; i++) place[order[i]] = i;
    for (int kind = 0; kind < 2; kind++) {
        struct bulk *one = match_rows(path, rows, plain, count, &kinds[kind]);
        struct bulk *other = match_rows(path, rows, order, count, &kinds[kind]);
        assert_true(bulk_cluster_count(one) < count - 200);
        assert_same_clusters(one, other, place, count);
        bulk_free(one);
        bulk_free(other);
    }
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(customers_with_many_records_are_found_whole),
        cmocka_unit_test(the_row_order_does_not_matter_where_fields_have_several_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
