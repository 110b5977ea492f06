// Formatted output of user programs. A call collects its text and hands it over in one write() where it fits
// (PRINTF_CHUNK), so that lines of parallel processes do not mix by the character. There is no buffering
// between calls: what printf() printed has left the process when it returns.
#include <stdarg.h>
#include "kernel/types.h"
#include "user/user.h"

#define PRINTF_CHUNK 512
#define MAX_DIGITS   20 // of a 64-bit number in base 10
#define PTR_DIGITS   16 // %p prints all of them

// Text on its way to a descriptor.
struct out {
    int fd;
    int n; // bytes in buf
    char buf[PRINTF_CHUNK];
};

// One conversion: what stands between '%' and its letter.
struct spec {
    int left;  // '-': pad on the right
    char pad;  // ' ' or '0'
    int width; // least number of characters
    int longs; // number of l's
};

// An error loses the text: there is nobody to tell.
static void out_flush(struct out *o)
{
    for (int done = 0; done < o->n;) {
        int n = write(o->fd, o->buf + done, o->n - done);
        if (n <= 0)
            break;
        done += n;
    }
    o->n = 0;
}

static void out_char(struct out *o, char c)
{
    if (o->n == PRINTF_CHUNK)
        out_flush(o);
    o->buf[o->n++] = c;
}

static void out_pad(struct out *o, char c, int n)
{
    while (n-- > 0)
        out_char(o, c);
}

// prefix (a sign or "0x"), then n characters of s, padded to the width; zeros go between the two.
static void out_field(struct out *o, const struct spec *sp, const char *prefix, const char *s, int n)
{
    int fill = sp->width - n - (int)strlen(prefix);
    if (!sp->left && sp->pad == ' ')
        out_pad(o, ' ', fill);
    while (*prefix != 0)
        out_char(o, *prefix++);
    if (!sp->left && sp->pad == '0')
        out_pad(o, '0', fill);
    for (int i = 0; i < n; i++)
        out_char(o, s[i]);
    if (sp->left)
        out_pad(o, ' ', fill);
}

// Digits of x, at least `least` of them, right-aligned in buf[MAX_DIGITS]. Returns how many.
static int digits(char *buf, uint64 x, uint base, int least)
{
    int n = 0;
    do {
        buf[MAX_DIGITS - ++n] = "0123456789abcdef"[x % base];
        x /= base;
    } while (x != 0 || n < least);
    return n;
}

static void out_number(struct out *o, const struct spec *sp, const char *prefix, uint64 x, uint base,
                       int least)
{
    char buf[MAX_DIGITS];
    int n = digits(buf, x, base, least);
    out_field(o, sp, prefix, buf + MAX_DIGITS - n, n);
}

// The least number has no positive counterpart, but its negative as an unsigned one is right.
static void out_signed(struct out *o, const struct spec *sp, int64 x)
{
    out_number(o, sp, x < 0 ? "-" : "", x < 0 ? -(uint64)x : (uint64)x, 10, 1);
}

// Reads flags, width and l's from *fmt on; *fmt is left at the conversion's letter.
static struct spec parse_spec(const char **fmt)
{
    struct spec sp = {.pad = ' '};
    const char *p = *fmt;
    for (; *p == '-' || *p == '0'; p++) {
        if (*p == '-')
            sp.left = 1;
        else
            sp.pad = '0';
    }
    for (; *p >= '0' && *p <= '9'; p++)
        sp.width = sp.width * 10 + (*p - '0');
    for (; *p == 'l'; p++)
        sp.longs++;
    *fmt = p;
    return sp;
}

static void out_string(struct out *o, struct spec *sp, const char *s)
{
    if (s == 0)
        s = "(null)";
    sp->pad = ' ';
    out_field(o, sp, "", s, strlen(s));
}

// The heart of both.
static void format(struct out *o, const char *fmt, va_list ap)
{
    for (; *fmt != 0; fmt++) {
        if (*fmt != '%') {
            out_char(o, *fmt);
            continue;
        }
        fmt++;
        struct spec sp = parse_spec(&fmt);
        char c;
        switch (*fmt) {
        case 'd':
        case 'i':
            out_signed(o, &sp, sp.longs ? va_arg(ap, int64) : va_arg(ap, int));
            break;
        case 'u':
            out_number(o, &sp, "", sp.longs ? va_arg(ap, uint64) : va_arg(ap, uint), 10, 1);
            break;
        case 'x':
            out_number(o, &sp, "", sp.longs ? va_arg(ap, uint64) : va_arg(ap, uint), 16, 1);
            break;
        case 'p':
            out_number(o, &sp, "0x", va_arg(ap, uint64), 16, PTR_DIGITS);
            break;
        case 'c':
            c = va_arg(ap, int);
            out_field(o, &sp, "", &c, 1);
            break;
        case 's':
            out_string(o, &sp, va_arg(ap, const char *));
            break;
        case '%':
            out_char(o, '%');
            break;
        case 0: // a lone '%' at the end
            out_char(o, '%');
            return;
        default: // unknown: show it, so that the mistake is seen
            out_char(o, '%');
            out_char(o, *fmt);
        }
    }
}

void fprintf(int fd, const char *fmt, ...)
{
    struct out o;
    o.fd = fd;
    o.n = 0;
    va_list ap;
    va_start(ap, fmt);
    format(&o, fmt, ap);
    va_end(ap);
    out_flush(&o);
}

void printf(const char *fmt, ...)
{
    struct out o;
    o.fd = 1;
    o.n = 0;
    va_list ap;
    va_start(ap, fmt);
    format(&o, fmt, ap);
    va_end(ap);
    out_flush(&o);
}
