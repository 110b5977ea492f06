// Console: the line discipline between the serial port and processes.
//
// Input is one ring of characters with three positions, read <= lines <= end (they count for ever):
//   [read, lines)   for readers: whole lines, or in raw mode everything
//   [lines, end)    the line being typed, which can still be edited; empty in raw mode
// In cooked mode a Ctrl-D is stored too and marks the end of a file. What a reader has not taken when the
// mode changes from raw to cooked is edited then, as if it had just been typed: typing ahead of a program
// works. A full ring stops the serial port instead of losing characters.
//
// `tty.lock` guards the input. It is never held during a user copy: data moves through a small buffer on the
// stack. `tty.outlock` only puts writers to sleep while the serial port is full; order: either of them, then
// uart.lock. Where to read next: uart.c below, fs/file.c above.
#include "kernel/dev/dev.h"
#include "kernel/dev/uart.h"
#include "kernel/fs/file.h"
#include "kernel/lib/err.h"
#include "kernel/lib/spinlock.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/syscall.h"
#include "kernel/syscall.h"
#include "kernel/trap/uaccess.h"

#define CTRL(letter) ((letter) - '@')
#define DELETE       0x7f
#define BELL         '\a'

#define INPUT_SIZE 4096        // characters typed ahead; a power of two
#define CHUNK      UART_ATOMIC // what one step of a read or write moves, and what a write keeps together

// The one terminal. All but outlock is guarded by tty.lock.
static struct {
    struct spinlock lock;
    char buf[INPUT_SIZE];
    uint read, lines, end;
    bool raw; // no editing, no echo
    int job;  // pid of the foreground job, 0 = none
    struct spinlock outlock;
} tty = {.lock = SPINLOCK("tty"), .outlock = SPINLOCK("tty output")};

// The character at a position.
static char *tty_at(uint position)
{
    return &tty.buf[position % INPUT_SIZE];
}

// Locks: tty.lock, as all functions down to cooked_input.
static bool tty_full(void)
{
    return tty.end - tty.read == INPUT_SIZE;
}

// Echo runs in the serial port's interrupt, which must not wait: it is left out while the port takes nothing.
static void echo_text(const char *s, uint64 n)
{
    uart_try_write(s, n);
}

static void echo(char c)
{
    echo_text(&c, 1);
}

// Columns that a character of the line takes: a control character shows as ^X, and the bytes that continue a
// UTF-8 character (10xxxxxx) show nothing of their own.
static int columns(uchar c)
{
    if ((c & 0xc0) == 0x80)
        return 0;
    return (c < ' ' && c != '\t') || c == DELETE ? 2 : 1;
}

// Shows a character of the line in as many columns as columns() says.
static void echo_typed(uchar c)
{
    if (columns(c) == 2) {
        echo('^');
        echo(c ^ 0x40);
    } else {
        echo(c == '\t' ? ' ' : (char)c);
    }
}

// Takes the last character off the line: with its continuation bytes, if it has any.
static void erase_char(void)
{
    uchar c;
    do {
        c = (uchar)*tty_at(--tty.end);
        for (int i = columns(c); i > 0; i--)
            echo_text("\b \b", 3);
    } while (columns(c) == 0 && tty.end != tty.lines);
}

// Ctrl-U.
static void erase_line(void)
{
    while (tty.end != tty.lines)
        erase_char();
}

static bool ends_in_blank(void)
{
    char c = *tty_at(tty.end - 1);
    return c == ' ' || c == '\t';
}

// Ctrl-W: the blanks at the end, then the word before them.
static void erase_word(void)
{
    while (tty.end != tty.lines && ends_in_blank())
        erase_char();
    while (tty.end != tty.lines && !ends_in_blank())
        erase_char();
}

// Gives what was typed so far to the readers.
static void line_commit(void)
{
    tty.lines = tty.end;
    wakeup(&tty.read);
}

// Ctrl-C: what is being typed goes, with something on the screen to show for it.
static void line_drop(void)
{
    tty.end = tty.lines;
    echo_text("^C\n", 3);
}

// Puts a character on the line. The last place is kept for the character that ends it.
static void line_add(uchar c)
{
    if (tty.end - tty.read >= INPUT_SIZE - 1) {
        echo(BELL);
        return;
    }
    *tty_at(tty.end++) = (char)c;
    echo_typed(c);
}

// One character in cooked mode.
// Locks: tty.lock.
static void cooked_input(uchar c)
{
    switch (c) {
    case '\r':
    case '\n':
        *tty_at(tty.end++) = '\n';
        echo('\n');
        line_commit();
        break;
    case CTRL('D'):
        *tty_at(tty.end++) = CTRL('D');
        line_commit();
        break;
    case CTRL('C'):
        line_drop();
        break;
    case '\b':
    case DELETE:
        if (tty.end != tty.lines)
            erase_char();
        break;
    case CTRL('U'):
        erase_line();
        break;
    case CTRL('W'):
        erase_word();
        break;
    default:
        line_add(c);
    }
}

// The serial port's question. A line that fills the ring by itself goes on, or its end would never come in.
static bool tty_ready(void)
{
    spin_lock(&tty.lock);
    bool ready = !tty_full() && (tty.end - tty.read < INPUT_SIZE - 1 || tty.read == tty.lines);
    spin_unlock(&tty.lock);
    return ready;
}

// A character from the serial port (interrupt). The process list and the end of a job come after the lock:
// both look at processes.
static void tty_input(int c)
{
    if (c == CTRL('P')) {
        proc_dump();
        return;
    }
    spin_lock(&tty.lock);
    int job = c == CTRL('C') ? tty.job : 0;
    if (job) {
        line_drop();
        tty.read = tty.lines; // what was typed ahead was meant for the job too
    } else if (tty.raw) {
        *tty_at(tty.end++) = (char)c;
        line_commit();
    } else {
        cooked_input((uchar)c);
    }
    spin_unlock(&tty.lock);
    if (job)
        proc_kill_tree(job);
}

// Moves what one step of a read gives to dst[n]. A read ends with a line, before the mark of an end of file
// (which the read that has nothing else takes, and returns 0), or with what is there. *more says whether the
// read goes on with what is there: the line is not at its end. Locks: tty.lock.
static uint64 input_take(char *dst, uint64 n, bool *more)
{
    uint64 got = 0;
    *more = true;
    while (*more && got < n && tty.read != tty.lines) {
        char c = *tty_at(tty.read);
        if (!tty.raw && c == CTRL('D'))
            break;
        tty.read++;
        dst[got++] = c;
        *more = tty.raw || c != '\n';
    }
    if (tty.read == tty.lines) {
        *more = false;
    } else if (*more && !tty.raw && *tty_at(tty.read) == CTRL('D')) {
        tty.read++; // ends this read, whether it had room for more or not
        *more = false;
    }
    return got;
}

// One step of a read; the first waits for input.
// Returns: bytes, 0 for the end of the file, -EINTR. Sleeps.
static int64 input_wait(char *dst, uint64 n, bool first, bool *more)
{
    int64 got = -EINTR;
    spin_lock(&tty.lock);
    while (first && tty.read == tty.lines && !killed())
        sleep_on(&tty.read, &tty.lock);
    if (!killed())
        got = (int64)input_take(dst, n, more);
    spin_unlock(&tty.lock);
    uart_resume();
    return got;
}

// devsw: one line at most in cooked mode, what is there in raw mode. The whole range is checked before
// anything is taken from the ring; after that a copy falls short only for want of memory or a disk.
static int64 console_read(uint64 user_dst, int64 n)
{
    char chunk[CHUNK];
    int64 total = 0;
    bool more = true;
    if (n <= 0)
        return n < 0 ? -EINVAL : 0;
    if (!user_range_ok(user_dst, n, true))
        return -EFAULT;
    while (more && total < n) {
        int64 want = n - total < CHUNK ? n - total : CHUNK;
        int64 got = input_wait(chunk, want, total == 0, &more);
        if (got < 0)
            return total > 0 ? total : got;
        if ((int64)copy_to_user(user_dst + total, chunk, got) < got)
            return -EFAULT;
        total += got;
    }
    return total;
}

// The serial port has room again (interrupt). The lock lies between a writer's failed try and its sleep.
static void tty_space(void)
{
    spin_lock(&tty.outlock);
    wakeup(&tty.outlock);
    spin_unlock(&tty.outlock);
}

// Puts s[n], n <= CHUNK, out in one piece.
// Returns: 0 or -EINTR. Sleeps.
static int chunk_write(const char *s, uint64 n)
{
    if (uart_try_write(s, n))
        return 0;
    int err = 0;
    spin_lock(&tty.outlock);
    while (!uart_try_write(s, n)) {
        if (killed()) {
            err = -EINTR;
            break;
        }
        sleep_on(&tty.outlock, &tty.outlock);
    }
    spin_unlock(&tty.outlock);
    return err;
}

// devsw: by chunks, each copied with no lock held. A bad address counts from where it begins.
static int64 console_write(uint64 user_src, int64 n)
{
    char chunk[CHUNK];
    int64 total = 0;
    if (n < 0)
        return -EINVAL;
    while (total < n) {
        uint64 want = n - total < CHUNK ? n - total : CHUNK;
        uint64 got = copy_from_user(chunk, user_src + total, want);
        int err = got > 0 ? chunk_write(chunk, got) : -EFAULT;
        if (err)
            return total > 0 ? total : err;
        total += got;
        if (got < want)
            break;
    }
    return total;
}

// Edits what was typed in raw mode and not read. In place: no character becomes more than one.
// Locks: tty.lock.
static void input_replay(void)
{
    uint from = tty.read, end = tty.end;
    tty.lines = tty.end = tty.read;
    while (from != end)
        cooked_input((uchar)*tty_at(from++));
}

// Changes between raw and cooked mode, if it is a change. The line that was being typed becomes readable in
// raw mode.
static void mode_set(bool raw)
{
    spin_lock(&tty.lock);
    if (raw != tty.raw) {
        tty.raw = raw;
        if (raw)
            line_commit();
        else
            input_replay();
    }
    spin_unlock(&tty.lock);
}

// ttyctl(op, arg): the mode, or the job that Ctrl-C ends. The shell sets both around every command line.
int64 sys_ttyctl(const uint64 *arg)
{
    int op = (int)arg[0], pid = (int)arg[1];
    switch (op) {
    case TTY_COOKED:
    case TTY_RAW:
        mode_set(op == TTY_RAW);
        return 0;
    case TTY_FG:
        if (pid < 0)
            return -EINVAL;
        spin_lock(&tty.lock);
        tty.job = pid;
        spin_unlock(&tty.lock);
        return 0;
    default:
        return -EINVAL;
    }
}

// Input begins: what was typed during boot is in the device and comes first.
void console_init(void)
{
    static const struct uart_client client = {.ready = tty_ready, .input = tty_input, .space = tty_space};
    devsw[CONSOLE].read = console_read;
    devsw[CONSOLE].write = console_write;
    uart_attach(&client);
}
