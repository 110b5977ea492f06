// sleep: waits for so many seconds; fractions count in tenths, the unit of the system call, rounded up.
#include "user/util.h"

#define TICKS_A_SECOND 10
#define USAGE          "sleep seconds"

// Text such as 2, 0.25 or .5 as ticks; -1 if it is something else.
static int parse_ticks(const char *s)
{
    int seconds = 0, tenth = 0, digits = 0, more = 0;
    for (; *s >= '0' && *s <= '9'; s++, digits++)
        seconds = seconds < 100000000 ? seconds * 10 + (*s - '0') : seconds;
    if (*s == '.') {
        for (s++; *s >= '0' && *s <= '9'; s++, digits++) {
            more |= tenth >= 10 && *s > '0';
            tenth = tenth == 0 ? 10 + (*s - '0') : tenth;
        }
    }
    if (digits == 0 || *s != 0 || seconds >= 100000000)
        return -1;
    return seconds * TICKS_A_SECOND + tenth % 10 + more;
}

int main(int argc, char *argv[])
{
    int ticks = argc == 2 ? parse_ticks(argv[1]) : -1;
    if (ticks < 0)
        usage(USAGE);
    return sleep(ticks) < 0;
}
