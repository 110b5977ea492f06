// The lines that were entered, the last HISTORY_LINES of them. Lines are counted for ever; line i is in slot
// i % HISTORY_LINES.
#include "kernel/types.h"
#include "user/sh.h"
#include "user/user.h"

#define HISTORY_LINES 200

static char *slots[HISTORY_LINES];
static int count;

int history_count(void)
{
    return count;
}

const char *history_get(int i)
{
    if (i < 0 || i >= count || i < count - HISTORY_LINES)
        return 0;
    return slots[i % HISTORY_LINES];
}

static bool is_blank(const char *line)
{
    while (*line == ' ' || *line == '\t')
        line++;
    return *line == 0;
}

// Blank lines and repetitions are not worth a place.
void history_add(const char *line)
{
    const char *last = history_get(count - 1);
    if (is_blank(line) || (last != 0 && strcmp(last, line) == 0))
        return;
    char *copy = malloc(strlen(line) + 1);
    if (copy == 0)
        return;
    strcpy(copy, line);
    free(slots[count % HISTORY_LINES]);
    slots[count++ % HISTORY_LINES] = copy;
}
