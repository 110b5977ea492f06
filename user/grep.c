// grep: prints the lines that match a pattern. Patterns: c one character, . any, * any number of the one
// before, ^ at the start and $ at the end of the line, \c the character c itself.
#include "user/util.h"
#include "kernel/fcntl.h"

#define KNOWN  "vinc"
#define INVERT 1
#define NOCASE 2
#define NUMBER 4
#define COUNT  8
#define ANY    '\001' // how a compiled pattern says `.`
#define START  '\002' // ^
#define END    '\003' // $
#define STAR   '\004' // *, behind what it repeats
#define LINE   (64 * 1024)
#define USAGE  "grep [-v] [-i] [-n] [-c] pattern [file ..]"

static uint set; // options
static char *pattern;
static char buf[LINE];

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

// Replaces the operators of re by the bytes above, so that matching need not know of backslashes. A '*' that
// has nothing to repeat stands for itself.
static char *compile(const char *re)
{
    char *out = malloc(strlen(re) + 1), *d = out;
    for (const char *p = re; out != 0 && *p != 0; p++) {
        if (*p == '\\' && p[1] != 0)
            *d++ = (set & NOCASE) ? lower(*++p) : *++p;
        else if (*p == '.')
            *d++ = ANY;
        else if (*p == '^' && p == re)
            *d++ = START;
        else if (*p == '$' && p[1] == 0)
            *d++ = END;
        else if (*p == '*' && d > out && d[-1] != STAR && d[-1] != START)
            *d++ = STAR;
        else
            *d++ = (set & NOCASE) ? lower(*p) : *p;
    }
    if (out != 0)
        *d = 0;
    return out;
}

static int match_char(char re, char c)
{
    return c != 0 && (re == ANY || re == ((set & NOCASE) ? lower(c) : c));
}

// Whether re matches at the start of text. Recursion only for what follows a star: as deep as re has stars.
static int match_here(const char *re, const char *text)
{
    for (;;) {
        if (*re == 0)
            return 1;
        if (*re == END)
            return *text == 0;
        if (re[1] == STAR) {
            do {
                if (match_here(re + 2, text))
                    return 1;
            } while (match_char(*re, *text++));
            return 0;
        }
        if (!match_char(*re, *text))
            return 0;
        re++;
        text++;
    }
}

static int match(const char *re, const char *text)
{
    if (*re == START)
        return match_here(re + 1, text);
    do {
        if (match_here(re, text))
            return 1;
    } while (*text++ != 0);
    return 0;
}

struct input {
    const char *name; // for the output, 0: do not show
    int line;
    int hits;
};

static void check_line(struct input *in, const char *text)
{
    in->line++;
    if (match(pattern, text) == !!(set & INVERT))
        return;
    in->hits++;
    if (set & COUNT)
        return;
    if (in->name != 0)
        printf("%s:", in->name);
    if (set & NUMBER)
        printf("%d:", in->line);
    int n = strlen(text);
    buf[text - buf + n] = '\n';
    write_all(1, text, n + 1);
    buf[text - buf + n] = 0;
}

// Hands all whole lines of buf[n] over, and everything when nothing more will come or fit. Returns what is
// left.
static int check_lines(struct input *in, int n, int last)
{
    char *p = buf, *end = buf + n;
    while (p < end) {
        char *q = p;
        while (q < end && *q != '\n')
            q++;
        if (q == end && !last && !(p == buf && n == LINE - 1))
            break;
        *q = 0;
        check_line(in, p);
        p = q < end ? q + 1 : end;
    }
    memmove(buf, p, end - p);
    return end - p;
}

// Returns the number of lines that were hit, -1 when reading fails.
static int grep(int fd, const char *name, const char *shown)
{
    struct input in = {.name = shown};
    int n = 0, got;
    while ((got = read(fd, buf + n, LINE - 1 - n)) > 0)
        n = check_lines(&in, n + got, 0);
    check_lines(&in, n, 1);
    if ((set & COUNT) && shown != 0)
        printf("%s:%d\n", shown, in.hits);
    else if (set & COUNT)
        printf("%d\n", in.hits);
    if (got < 0)
        fprintf(2, "grep: cannot read %s\n", name);
    return got < 0 ? -1 : in.hits;
}

int main(int argc, char *argv[])
{
    int hits = 0, failed = 0, first = options(argc, argv, KNOWN, &set);
    if (first < 0 || first >= argc)
        usage(USAGE);
    pattern = compile(argv[first++]);
    if (pattern == 0)
        exit(STATUS_USAGE);
    if (first == argc) {
        hits = grep(0, "standard input", 0);
        failed = hits < 0;
    }
    for (int i = first; i < argc; i++) {
        int fd = open(argv[i], O_RDONLY);
        if (fd < 0)
            fprintf(2, "grep: cannot open %s\n", argv[i]);
        int n = fd < 0 ? -1 : grep(fd, argv[i], argc - first > 1 ? argv[i] : 0);
        failed |= n < 0;
        hits += n > 0 ? n : 0;
        if (fd >= 0)
            close(fd);
    }
    return failed ? STATUS_USAGE : hits > 0 ? 0 : 1;
}
