/* String similarities: bit-parallel Jaro on 64-bit words (after the published idea of Hyyrö's
 * and RapidFuzz's matchers: one bit per position and letter), and optimal string alignment in a
 * band of `limit` diagonals. Checked against RapidFuzz by tests/matching_similarity.py; with and
 * without instructions for sixteen bytes the bits are the same (similarity_property_test.c). */
#include "text/similarity.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static struct str cut(struct str s)
{
    return s.len > SIMILARITY_LENGTH_MAX ? str_of(s.ptr, SIMILARITY_LENGTH_MAX) : s;
}

static uint64_t low_bits(size_t count)
{
    return count >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1;
}

/* Which positions of b hold the letter: short strings make a scan cheaper than a table, and sixteen
 * bytes at once cheaper still. `padded` is b with room behind it, whatever is in that. */
#ifdef __SSE2__
static uint64_t positions(const char *padded, size_t len, char letter)
{
    uint64_t found = 0;
    const __m128i wanted = _mm_set1_epi8(letter);
    for (size_t j = 0; j < len; j += 16) {
        __m128i here = _mm_loadu_si128((const __m128i *)(const void *)(padded + j));
        found |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(here, wanted)) << j;
    }
    return found & low_bits(len);
}
#else
static uint64_t positions(const char *padded, size_t len, char letter)
{
    uint64_t found = 0;
    for (size_t j = 0; j < len; j++) found |= (uint64_t)(padded[j] == letter) << j;
    return found;
}
#endif

double similarity_jaro(struct str a, struct str b)
{
    a = cut(a);
    b = cut(b);
    if (a.len == 0 || b.len == 0) return a.len == b.len;
    size_t longer = a.len > b.len ? a.len : b.len;
    size_t window = longer / 2 > 0 ? longer / 2 - 1 : 0;
    uint64_t taken_a = 0, taken_b = 0;
    int matches = 0;
    char padded[SIMILARITY_LENGTH_MAX] = {0};
    memcpy(padded, b.ptr, b.len);
    for (size_t i = 0; i < a.len; i++) {
        uint64_t band = low_bits(i + window + 1);
        if (i > window) band &= ~low_bits(i - window);
        uint64_t free_here = positions(padded, b.len, a.ptr[i]) & band & ~taken_b;
        if (!free_here) continue;
        taken_b |= free_here & -free_here;
        taken_a |= UINT64_C(1) << i;
        matches++;
    }
    if (matches == 0) return 0;
    int out_of_order = 0;
    for (uint64_t x = taken_a, y = taken_b; x; x &= x - 1, y &= y - 1)
        out_of_order += a.ptr[__builtin_ctzll(x)] != b.ptr[__builtin_ctzll(y)];
    double m = matches;
    int transpositions = out_of_order / 2;
    return (m / (double)a.len + m / (double)b.len + (m - transpositions) / m) / 3;
}

double similarity_jaro_winkler(struct str a, struct str b)
{
    double jaro = similarity_jaro(a, b);
    size_t prefix = 0;
    while (prefix < 4 && prefix < a.len && prefix < b.len && a.ptr[prefix] == b.ptr[prefix])
        prefix++;
    return jaro + 0.1 * (double)prefix * (1 - jaro);
}

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* One row of the table; `before` is the row above, `earlier` the one above that. */
static unsigned edits_row(struct str a, struct str b, size_t i, unsigned limit,
                          const unsigned char *earlier, const unsigned char *before,
                          unsigned char *row)
{
    size_t from = i > limit ? i - limit : 1, to = i + limit < b.len ? i + limit : b.len;
    unsigned best = limit + 1;
    if (from > 1) row[from - 1] = (unsigned char)(limit + 1);
    row[0] = (unsigned char)(i <= limit ? i : limit + 1);
    if (row[0] < best) best = row[0];
    for (size_t j = from; j <= to; j++) {
        unsigned cost = a.ptr[i - 1] != b.ptr[j - 1];
        unsigned edits = smallest(before[j] + 1U, row[j - 1] + 1U, before[j - 1] + cost);
        if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1] &&
            earlier[j - 2] + 1U < edits)
            edits = earlier[j - 2] + 1U;
        if (edits > limit + 1) edits = limit + 1;
        row[j] = (unsigned char)edits;
        if (edits < best) best = edits;
    }
    if (to < b.len) row[to + 1] = (unsigned char)(limit + 1);
    return best;
}

/* The same for a limit of one: what differs between the common beginning and end. */
static unsigned one_edit(struct str a, struct str b)
{
    while (a.len > 0 && b.len > 0 && a.ptr[0] == b.ptr[0]) {
        a = str_of(a.ptr + 1, a.len - 1);
        b = str_of(b.ptr + 1, b.len - 1);
    }
    while (a.len > 0 && b.len > 0 && a.ptr[a.len - 1] == b.ptr[b.len - 1]) {
        a.len--;
        b.len--;
    }
    if (a.len <= 1 && b.len <= 1) return a.len + b.len > 0;
    bool swapped = a.len == 2 && b.len == 2 && a.ptr[0] == b.ptr[1] && a.ptr[1] == b.ptr[0];
    return swapped ? 1 : 2;
}

unsigned similarity_edits(struct str a, struct str b, unsigned limit)
{
    a = cut(a);
    b = cut(b);
    size_t difference = a.len > b.len ? a.len - b.len : b.len - a.len;
    if (limit > SIMILARITY_LENGTH_MAX) limit = SIMILARITY_LENGTH_MAX;
    if (difference > limit) return limit + 1;
    if (limit == 1) return one_edit(a, b);
    unsigned char rows[3][SIMILARITY_LENGTH_MAX + 2] = {{0}};
    for (size_t j = 0; j <= b.len + 1; j++) {
        rows[0][j] = (unsigned char)(j <= limit ? j : limit + 1);
        rows[1][j] = rows[2][j] = (unsigned char)(limit + 1);
    }
    /* Three rows in turn; a row of values all over the limit can still be rescued by a swap from
     * the row before it, so two in succession must be over. */
    unsigned best_before = 0;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned best =
            edits_row(a, b, i, limit, rows[(i + 1) % 3], rows[(i + 2) % 3], rows[i % 3]);
        if (best > limit && best_before > limit) return limit + 1;
        best_before = best;
    }
    return rows[a.len % 3][b.len];
}

static unsigned bigram(const char *p)
{
    return (unsigned)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

static size_t distinct_bigrams(struct str s, unsigned *out)
{
    size_t count = 0;
    for (size_t i = 0; i + 1 < s.len; i++) {
        unsigned pair = bigram(s.ptr + i);
        size_t k = 0;
        while (k < count && out[k] != pair) k++;
        if (k == count) out[count++] = pair;
    }
    return count;
}

double similarity_bigram(struct str a, struct str b)
{
    unsigned in_a[SIMILARITY_LENGTH_MAX], in_b[SIMILARITY_LENGTH_MAX];
    size_t count_a = distinct_bigrams(cut(a), in_a), count_b = distinct_bigrams(cut(b), in_b);
    if (count_a + count_b == 0) return str_equal(a, b);
    size_t common = 0;
    for (size_t i = 0; i < count_a; i++)
        for (size_t j = 0; j < count_b; j++) common += in_a[i] == in_b[j];
    return 2.0 * (double)common / (double)(count_a + count_b);
}
