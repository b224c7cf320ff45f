/* What the generated customers are called and where they live; used by generate.c only. Lists are
 * in order of frequency in the world, roughly; the generator gives rank r a weight of
 * 1 / (r + offset), and makes up the long tail of rare names from syllables. Own compilation. */
#ifndef BENCH_MATCHING_GENERATE_DATA_H
#define BENCH_MATCHING_GENERATE_DATA_H

extern const char *const generate_female[], *const generate_male[], *const generate_family[];
extern const char *const generate_city[], *const generate_street[], *const generate_trade[];
extern const char *const generate_founder[];
/* "robert bob": a name and one of its short forms */
extern const char *const generate_short_form[];

#endif
