/* Survivorship policies of random histories. */
#ifndef TESTS_SUPPORT_HISTORY_POLICY_H
#define TESTS_SUPPORT_HISTORY_POLICY_H

#include "history.h"

/* Gives the built-in policy to both worlds. */
void history_set_policy(struct history_world *first, struct history_world *second);
/* Draws a policy, in `arena`, and gives it to both worlds: any rule for any field, any trust. Half
 * of all histories keep the built-in one. */
void history_draw_policy(struct property *property, struct history_world *first,
                         struct history_world *second, struct arena *arena);

#endif
