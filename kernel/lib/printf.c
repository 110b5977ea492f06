// Formatted output.
//
// One engine, format(), produces characters; a sink says where they go: into a caller's buffer for snprintf,
// to the console for printf. printf gathers a call's characters in a small buffer and hands full buffers to
// printf_sink, all under print_lock, so that lines of different harts do not mix.
//
// While some hart panics the lock is ignored: its holder may have been stopped, and the report matters more
// than its neatness. Output before boot has set printf_sink is dropped.
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/spinlock.h"

#define PIECE  128 // bytes handed to printf_sink at once; lies on the stack
#define DIGITS 24  // of a 64-bit number, base 8 and up, with its sign

void (*printf_sink)(const char *s, uint64 n, bool sync);

// Where format() puts characters.
struct sink {
    char *buf;
    uint64 size;  // of buf
    uint64 len;   // characters in buf
    uint64 total; // characters ever put
    bool console; // empty a full buf to the console; otherwise drop what does not fit
};

// A conversion: what stands between the % and its letter.
struct spec {
    bool left; // '-'
    bool zero; // '0'
    int width;
    bool wide; // l or ll: 64 bits
};

static struct spinlock print_lock = SPINLOCK("printf");

// While panicking the characters must be out before the machine ends: sync.
static void sink_flush(struct sink *k)
{
    if (printf_sink && k->len > 0)
        printf_sink(k->buf, k->len, panicking);
    k->len = 0;
}

// Every character goes through here. total counts also what a full buffer drops: snprintf's result.
static void sink_put(struct sink *k, char c)
{
    k->total++;
    if (k->console && k->len == k->size)
        sink_flush(k);
    if (k->len < k->size)
        k->buf[k->len++] = c;
}

static void put_repeat(struct sink *k, char c, int n)
{
    for (; n > 0; n--)
        sink_put(k, c);
}

// prefix (sign or 0x) and digits, padded to the width; zeros go between the two.
static void put_padded(struct sink *k, const struct spec *sp, const char *prefix, const char *s)
{
    int len = 0;
    for (const char *p = prefix; *p; p++)
        len++;
    for (const char *p = s; *p; p++)
        len++;
    int pad = sp->width - len;

    if (!sp->left && !sp->zero)
        put_repeat(k, ' ', pad);
    while (*prefix)
        sink_put(k, *prefix++);
    if (!sp->left && sp->zero)
        put_repeat(k, '0', pad);
    while (*s)
        sink_put(k, *s++);
    if (sp->left)
        put_repeat(k, ' ', pad);
}

// Digits are made from the last to the first, at the end of a buffer.
static void put_number(struct sink *k, const struct spec *sp, uint64 v, uint base, const char *prefix)
{
    char digits[DIGITS];
    char *p = digits + DIGITS;

    *--p = 0;
    do {
        *--p = "0123456789abcdef"[v % base];
        v /= base;
    } while (v > 0);
    put_padded(k, sp, prefix, p);
}

// The negative of the smallest int64 exists only as unsigned.
static void put_signed(struct sink *k, const struct spec *sp, int64 v)
{
    if (v < 0)
        put_number(k, sp, -(uint64)v, 10, "-");
    else
        put_number(k, sp, (uint64)v, 10, "");
}

// Addresses always show all 16 digits.
static void put_pointer(struct sink *k, const void *p)
{
    struct spec sp = {.zero = true, .width = 18};
    put_number(k, &sp, (uint64)p, 16, "0x");
}

// The '0' flag means nothing for strings.
static void put_string(struct sink *k, const struct spec *sp, const char *s)
{
    struct spec spaces = *sp;
    spaces.zero = false;
    put_padded(k, &spaces, "", s ? s : "(null)");
}

static void put_char(struct sink *k, const struct spec *sp, char c)
{
    if (!sp->left)
        put_repeat(k, ' ', sp->width - 1);
    sink_put(k, c);
    if (sp->left)
        put_repeat(k, ' ', sp->width - 1);
}

// Reads flags, width and size; returns the place of the conversion's letter.
static const char *parse_spec(const char *f, struct spec *sp)
{
    *sp = (struct spec){0};
    for (; *f == '-' || *f == '0'; f++) {
        if (*f == '-')
            sp->left = true;
        else
            sp->zero = true;
    }
    for (; *f >= '0' && *f <= '9'; f++)
        sp->width = sp->width * 10 + (*f - '0');
    for (; *f == 'l'; f++)
        sp->wide = true;
    return f;
}

// One conversion. An unknown letter prints as it stands, with its %.
static void put_conversion(struct sink *k, char letter, const struct spec *sp, va_list *ap)
{
    switch (letter) {
    case 'd':
    case 'i':
        put_signed(k, sp, sp->wide ? va_arg(*ap, int64) : va_arg(*ap, int));
        break;
    case 'u':
        put_number(k, sp, sp->wide ? va_arg(*ap, uint64) : va_arg(*ap, uint), 10, "");
        break;
    case 'x':
        put_number(k, sp, sp->wide ? va_arg(*ap, uint64) : va_arg(*ap, uint), 16, "");
        break;
    case 'p':
        put_pointer(k, va_arg(*ap, void *));
        break;
    case 's':
        put_string(k, sp, va_arg(*ap, const char *));
        break;
    case 'c':
        put_char(k, sp, (char)va_arg(*ap, int));
        break;
    case '%':
        sink_put(k, '%');
        break;
    default:
        sink_put(k, '%');
        sink_put(k, letter);
    }
}

// A % at the very end of the format prints nothing.
static void format(struct sink *k, const char *f, va_list *ap)
{
    struct spec sp;

    for (; *f; f++) {
        if (*f != '%') {
            sink_put(k, *f);
            continue;
        }
        f = parse_spec(f + 1, &sp);
        if (!*f)
            break;
        put_conversion(k, *f, &sp, ap);
    }
}

int vsnprintf(char *buf, uint64 n, const char *fmt, va_list ap)
{
    // one byte is kept for the terminating zero
    struct sink k = {.buf = buf, .size = n > 0 ? n - 1 : 0};
    va_list args;

    va_copy(args, ap);
    format(&k, fmt, &args);
    va_end(args);
    if (n > 0)
        buf[k.len] = 0;
    return (int)k.total;
}

int snprintf(char *buf, uint64 n, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int len = vsnprintf(buf, n, fmt, ap);
    va_end(ap);
    return len;
}

// `locked` is kept because another hart may begin to panic between the two tests.
void vprintf(const char *fmt, va_list ap)
{
    char buf[PIECE];
    struct sink k = {.buf = buf, .size = PIECE, .console = true};
    bool locked = !panicking;
    va_list args;

    if (locked)
        spin_lock(&print_lock);
    va_copy(args, ap);
    format(&k, fmt, &args);
    va_end(args);
    sink_flush(&k);
    if (locked)
        spin_unlock(&print_lock);
}

// Locks: takes print_lock. Sleeps: never.
void printf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
}
