/* Reads pairs of words, "a<tab>b" a line, and writes what the similarities make of each; driven by
 * matching_similarity.py. */
#include <stdio.h>
#include <string.h>

#include "text/similarity.h"

int main(void)
{
    char line[512];
    while (fgets(line, sizeof line, stdin)) {
        struct str rest = str_from_cstr(line), a, b;
        if (!str_split(&rest, '\t', &a) || !str_split(&rest, '\n', &b)) return 1;
        (void)printf("%.9f\t%.9f\t%u\t%.9f\n", similarity_jaro(a, b), similarity_jaro_winkler(a, b),
                     similarity_edits(a, b, 64), similarity_bigram(a, b));
    }
    return 0;
}
