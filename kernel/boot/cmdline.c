// The kernel command line: words `key=value` or bare `key`, divided by spaces. Of two words with one key the
// last counts, so that what a user appends wins. In a value %XX stands for the byte with that hexadecimal
// number, which is how spaces and quotes get through QEMU and the firmware; anything else after a % is taken
// as it stands.
//
// Every key that some part of the kernel or of user land asks for stands in known[], so that a misspelt one
// is noticed.
#include "kernel/boot/machine.h"
#include "kernel/lib/err.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"

struct machine machine;

static const char *const known[] = {
    "run",            // init: command line for sh -c, then power off
    "mark",           // init: prints this line before the command's output
    "shell",          // init: program to keep running instead of sh
    "init",           // program to start instead of /init
    "uframes",        // frames in the user pool
    "alloc.fail",     // the kernel allocation that fails
    "policy",         // page replacement
    "policy.seed",    // of the policy `random`
    "swap.batch",     // pages evicted at a time
    "swap.readahead", // pages read from swap at a time
    "tlbcheck",       // notice a forgotten TLB flush
    "lockstat",       // count what happens to spinlocks
    "poison",         // fill freed frames with junk
    "races",          // seed of the ticks' places: reproducible interleavings
    "tick_us",        // length of a time slice
    "selftest",       // run the kernel self-tests at boot
};

// The next word at or behind *at, and *at moved behind it. Its length; 0 at the end.
static uint64 next_word(const char **at, const char **word)
{
    const char *s = *at;

    while (*s == ' ')
        s++;
    *word = s;
    while (*s && *s != ' ')
        s++;
    *at = s;
    return (uint64)(s - *word);
}

// Length of the word's key.
static uint64 key_length(const char *word, uint64 len)
{
    uint64 n = 0;
    while (n < len && word[n] != '=')
        n++;
    return n;
}

// The word's key is exactly `key`.
static bool key_is(const char *word, uint64 len, const char *key)
{
    uint64 n = key_length(word, len);
    return strlen(key) == n && strncmp(word, key, n) == 0;
}

// The last word with that key: its place, and its length in *len. 0 when there is none.
static const char *find_word(const char *key, uint64 *len)
{
    const char *at = machine.bootargs, *word, *found = 0;
    uint64 n;

    while ((n = next_word(&at, &word)) > 0) {
        if (key_is(word, n, key)) {
            found = word;
            *len = n;
        }
    }
    return found;
}

// -1 when c is none.
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 'a' - 'A';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Decodes the len bytes at s; what is from `from` on goes into buf[n]. Returns the whole decoded length.
static int decode(const char *s, uint64 len, uint64 from, char *buf, uint64 n)
{
    uint64 out = 0;

    for (uint64 i = 0; i < len; i++, out++) {
        char c = s[i];
        if (c == '%' && i + 2 < len && hex_digit(s[i + 1]) >= 0 && hex_digit(s[i + 2]) >= 0) {
            c = (char)(hex_digit(s[i + 1]) << 4 | hex_digit(s[i + 2]));
            i += 2;
        }
        if (out >= from && out - from + 1 < n)
            buf[out - from] = c;
    }
    uint64 there = out > from ? out - from : 0;
    if (n > 0)
        buf[there < n ? there : n - 1] = 0;
    return (int)out;
}

// A bare key has the empty value.
int bootarg_get_from(const char *key, uint64 from, char *buf, uint64 n)
{
    uint64 len;
    const char *word = find_word(key, &len);

    if (!word)
        return -ENOENT;
    uint64 skip = key_length(word, len);
    if (skip < len)
        skip++;
    return decode(word + skip, len - skip, from, buf, n);
}

int bootarg_get(const char *key, char *buf, uint64 n)
{
    return bootarg_get_from(key, 0, buf, n);
}

// Multiplies by what the suffix stands for; false when there is no such suffix.
static bool apply_suffix(char c, uint64 *v)
{
    switch (c) {
    case 0:
        return true;
    case 'K':
    case 'k':
        *v <<= 10;
        return true;
    case 'M':
    case 'm':
        *v <<= 20;
        return true;
    case 'G':
    case 'g':
        *v <<= 30;
        return true;
    }
    return false;
}

// Decimal, or hexadecimal after 0x. A bare key counts as 1.
uint64 bootarg_uint(const char *key, uint64 dflt)
{
    char buf[32];
    const char *s = buf;
    uint64 v = 0, base = 10, len;
    int n = bootarg_get(key, buf, sizeof(buf));

    if (n < 0 || n >= (int)sizeof(buf))
        return dflt;
    if (n == 0)
        return find_word(key, &len) && len == strlen(key) ? 1 : dflt;
    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        base = 16;
        s += 2;
    }
    const char *digits = s;
    for (int d; (d = hex_digit(*s)) >= 0 && (uint64)d < base; s++)
        v = v * base + (uint64)d;
    if (s == digits || (s[0] && s[1]) || !apply_suffix(*s, &v))
        return dflt;
    return v;
}

static bool word_known(const char *word, uint64 len)
{
    for (uint64 i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (key_is(word, len, known[i]))
            return true;
    return false;
}

// One line a word; the firmware or QEMU may add words of their own, so it is not an error.
void bootarg_report_unknown(void)
{
    const char *at = machine.bootargs, *word;
    char name[64];
    uint64 n;

    while ((n = next_word(&at, &word)) > 0) {
        if (word_known(word, n))
            continue;
        safestrcpy(name, word, n < sizeof(name) ? n + 1 : sizeof(name));
        printf("boot: unknown word \"%s\" on the kernel command line, ignored\n", name);
    }
}
