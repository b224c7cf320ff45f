#include "matching/explain.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------ text */

static void append_reference(const struct values *values, enum domain domain, uint32_t reference,
                             struct buffer *out)
{
    const uint32_t *members;
    uint32_t count = values_members(values, domain, &reference, &members);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) buffer_append(out, STR(" | "));
        struct str text = values_text(values, domain, members[i]);
        for (size_t k = 0; k < text.len; k++)
            buffer_append_char(out, text.ptr[k] == '|' ? ' ' : text.ptr[k]);
    }
}

static void append_traits(enum comparison c, uint32_t traits, struct buffer *out)
{
    static const struct {
        enum comparison comparison;
        uint32_t trait;
        const char *name;
    } names[] = {
        {COMPARISON_GENDER, TRAIT_FEMALE, "female"},
        {COMPARISON_GENDER, TRAIT_MALE, "male"},
        {COMPARISON_GENERATION, TRAIT_JUNIOR, "junior"},
        {COMPARISON_GENERATION, TRAIT_SENIOR, "senior"},
        {COMPARISON_GENERATION, TRAIT_THIRD, "third"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].comparison == c && (traits & names[i].trait))
            buffer_append(out, str_from_cstr(names[i].name));
}

/* The text of a slot's values, for people: "main st 12", lists joined with " | ". */
static void write_value(const struct values *values, const struct record *record, enum comparison c,
                        struct buffer *out)
{
    enum slot slot = comparison_slot(c);
    size_t start = out->len;
    if (slot == SLOT_TRAITS) {
        append_traits(c, record->slot[SLOT_TRAITS], out);
        return;
    }
    append_reference(values, record_slot_domain[slot], record->slot[slot], out);
    if (c != COMPARISON_LOCALITY) return;
    static const enum slot more[] = {SLOT_CITY, SLOT_REGION};
    for (size_t i = 0; i < 2; i++) {
        if (!record->slot[more[i]]) continue;
        if (out->len > start) buffer_append_char(out, ' ');
        append_reference(values, record_slot_domain[more[i]], record->slot[more[i]], out);
    }
}

static void pad(struct buffer *out, size_t from, size_t width)
{
    while (!buffer_failed(out) && out->len < from + width) buffer_append_char(out, ' ');
    buffer_append_char(out, ' ');
}

/* "####" to the right for evidence for, "----" for evidence against; one mark per two bits. */
static void append_bar(double weight, struct buffer *out)
{
    int marks = (int)lround(fabs(weight) / 2);
    for (int i = 0; i < marks && i < 20; i++) buffer_append_char(out, weight > 0 ? '+' : '-');
}

static void text_line(const struct scorer *scorer, const struct record *a, const struct record *b,
                      const struct evidence *evidence, enum comparison c, struct buffer *out)
{
    size_t start = out->len;
    struct str level = comparison_level_name(c, evidence->level[c]);
    buffer_append(out, str_from_cstr(comparison_name(c)));
    pad(out, start, 14);
    buffer_append(out, level);
    pad(out, start, 30);
    buffer_append_format(out, "%+7.2f", (double)evidence->weight[c]);
    if (fabsf(evidence->frequency[c]) >= 0.05f)
        buffer_append_format(out, " (frequency %+.1f)", (double)evidence->frequency[c]);
    pad(out, start, 58);
    append_bar(evidence->weight[c], out);
    pad(out, start, 76);
    write_value(scorer->values, a, c, out);
    buffer_append(out, STR("  /  "));
    write_value(scorer->values, b, c, out);
    buffer_append_char(out, '\n');
}

void explain_text(const struct scorer *scorer, const struct record *a, const struct record *b,
                  const struct evidence *evidence, struct buffer *out)
{
    buffer_append_format(out, "model         %s, %llu training pairs\n",
                         model_kind_name(evidence->kind),
                         (unsigned long long)scorer->model[evidence->kind]->trained_pairs);
    buffer_append_format(out, "prior                          %+7.2f\n", (double)evidence->prior);
    for (int c = 0; c < COMPARISON_COUNT; c++)
        if (evidence->level[c]) text_line(scorer, a, b, evidence, (enum comparison)c, out);
    if (evidence->related < -0.005f)
        buffer_append_format(out, "%-30s %+7.2f\n",
                             evidence->kind == MODEL_PERSON ? "may be relatives or colleagues"
                                                            : "may be branch or neighbour",
                             (double)evidence->related);
    buffer_append_format(out, "log-odds                       %+7.2f   probability %.6f\n",
                         (double)evidence->log_odds, scoring_probability(evidence->log_odds));
}

void explain_json(const struct evidence *evidence, struct buffer *out)
{
    buffer_append_format(out, "{\"kind\":\"%s\",\"prior\":%.4f,\"comparisons\":[",
                         model_kind_name(evidence->kind), (double)evidence->prior);
    bool first = true;
    for (int c = 0; c < COMPARISON_COUNT; c++) {
        if (!evidence->level[c]) continue;
        struct str level = comparison_level_name((enum comparison)c, evidence->level[c]);
        buffer_append_format(
            out, "%s{\"comparison\":\"%s\",\"level\":\"%.*s\",\"weight\":%.4f,\"frequency\":%.4f}",
            first ? "" : ",", comparison_name((enum comparison)c), STR_ARGS(level),
            (double)evidence->weight[c], (double)evidence->frequency[c]);
        first = false;
    }
    buffer_append_format(out, "],\"related\":%.4f,\"logOdds\":%.4f,\"probability\":%.6f}",
                         (double)evidence->related, (double)evidence->log_odds,
                         scoring_probability(evidence->log_odds));
}

/* ------------------------------------------------------------------ picture */

enum { WIDTH = 900, LEFT = 250, RIGHT = 90, ROW = 30, TOP = 60 };

struct step {
    char label[64];
    double from, to;
    bool total;
};

struct picture {
    struct step step[COMPARISON_COUNT + 3];
    int count;
    double low, high;
};

static void add_step(struct picture *picture, double weight, bool total, const char *label,
                     struct str level)
{
    struct step *step = &picture->step[picture->count];
    double from = picture->count && !total ? picture->step[picture->count - 1].to : 0;
    size_t room = sizeof step->label - 1, len = strlen(label);
    *step = (struct step){.from = from, .to = total ? weight : from + weight, .total = total};
    memcpy(step->label, label, len < room ? len : room);
    if (level.len && len + 2 + level.len < room) {
        memcpy(step->label + len, ": ", 2);
        memcpy(step->label + len + 2, level.ptr, level.len);
    }
    picture->low = fmin(picture->low, fmin(step->from, step->to));
    picture->high = fmax(picture->high, fmax(step->from, step->to));
    picture->count++;
}

static void append_escaped(struct buffer *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '<')
            buffer_append(out, STR("&lt;"));
        else if (text.ptr[i] == '&')
            buffer_append(out, STR("&amp;"));
        else if ((unsigned char)text.ptr[i] >= ' ')
            buffer_append_char(out, text.ptr[i]);
    }
}

static double x_of(const struct picture *picture, double value)
{
    double span = picture->high - picture->low;
    return LEFT + (value - picture->low) / (span > 0 ? span : 1) * (WIDTH - LEFT - RIGHT);
}

static void draw_step(const struct picture *picture, int index, struct buffer *out)
{
    const struct step *step = &picture->step[index];
    double weight = step->to - step->from, x1 = x_of(picture, fmin(step->from, step->to));
    double x2 = x_of(picture, fmax(step->from, step->to)), y = TOP + index * ROW;
    const char *fill = step->total ? "#475569" : weight < 0 ? "#b45309" : "#0f766e";
    buffer_append_format(out, "<text x=\"%d\" y=\"%.0f\" text-anchor=\"end\">", LEFT - 12, y + 18);
    append_escaped(out, str_from_cstr(step->label));
    buffer_append_format(out,
                         "</text>\n<rect x=\"%.1f\" y=\"%.0f\" width=\"%.1f\" height=\"%d\" "
                         "fill=\"%s\" rx=\"2\"/>\n<text x=\"%.1f\" y=\"%.0f\">%+.1f</text>\n",
                         x1, y + 4, fmax(x2 - x1, 1), ROW - 8, fill, x2 + 6, y + 18,
                         step->total ? step->to : weight);
}

void explain_svg(const struct evidence *evidence, struct str title, struct buffer *out)
{
    struct picture picture = {.count = 0};
    add_step(&picture, evidence->prior, false, "prior", STR(""));
    for (int c = 0; c < COMPARISON_COUNT; c++)
        if (evidence->level[c])
            add_step(&picture, evidence->weight[c], false, comparison_name((enum comparison)c),
                     comparison_level_name((enum comparison)c, evidence->level[c]));
    if (evidence->related < -0.005f)
        add_step(&picture, evidence->related, false, "may be related only", STR(""));
    add_step(&picture, evidence->log_odds, true, "log-odds of a match", STR(""));
    int height = TOP + picture.count * ROW + 20;
    buffer_append_format(out,
                         "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                         "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"13\">\n"
                         "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
                         "<text x=\"20\" y=\"28\" font-size=\"16\">",
                         WIDTH, height, WIDTH, height);
    append_escaped(out, title);
    buffer_append_format(out, " (probability %.4f)</text>\n",
                         scoring_probability(evidence->log_odds));
    buffer_append_format(out,
                         "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#94a3b8\" "
                         "stroke-dasharray=\"4 3\"/>\n",
                         x_of(&picture, 0), TOP - 8, x_of(&picture, 0), height - 12);
    for (int i = 0; i < picture.count; i++) draw_step(&picture, i, out);
    buffer_append(out, STR("</svg>\n"));
}
