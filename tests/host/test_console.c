// SOURCES: kernel/dev/console.c
// FLAGS: -ffreestanding -include tests/host/fake_dev.h
//
// The console's line discipline: what is typed, what a reader gets, what the screen shows.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include "kernel/dev/dev.h"
#include "kernel/dev/uart.h"
#include "kernel/fs/file.h"
#include "kernel/lib/err.h"
#include "kernel/lib/spinlock.h"
#include "kernel/proc/proc.h"
#include "kernel/proc/sched.h"
#include "kernel/proc/syscall.h"
#include "kernel/syscall.h"

#define BAD_ADDRESS 0x1000 // everything else is a buffer of the test's
#define RING        4096   // INPUT_SIZE of console.c

void *memcpy(void *dst, const void *src, uint64 n);
void *memset(void *dst, int c, uint64 n);
uint64 strlen(const char *s);

struct devsw devsw[NDEV];

static const struct uart_client *client;
static char screen[1 << 16];
static uint64 screen_used;
static uint64 room;   // what uart_try_write takes before it is full
static int ended_job; // last proc_kill_tree
static int dumps;     // calls of proc_dump
static bool is_killed;
static const char *later; // typed when a reader goes to sleep; null: the reader is killed

struct proc *my_proc(void)
{
    return 0;
}
void *kpage_alloc(void)
{
    return 0;
}
bool killed(void)
{
    return is_killed;
}
void wakeup(const void *chan)
{
    (void)chan;
}
void proc_dump(void)
{
    dumps++;
}
void uart_resume(void) {}
void uart_attach(const struct uart_client *c)
{
    client = c;
}
bool user_range_ok(uint64 va, uint64 n, bool write)
{
    return (void)n, (void)write, va != BAD_ADDRESS;
}

void spin_lock(struct spinlock *lk)
{
    assert_false(lk->locked);
    lk->locked = 1;
}

void spin_unlock(struct spinlock *lk)
{
    assert_true(lk->locked);
    lk->locked = 0;
}

void proc_kill_tree(int pid)
{
    ended_job = pid;
}

bool uart_try_write(const char *s, uint64 n)
{
    assert_true(n <= UART_ATOMIC);
    if (n > room)
        return false;
    room -= n;
    assert_true(screen_used + n < sizeof(screen));
    memcpy(screen + screen_used, s, n);
    screen_used += n;
    screen[screen_used] = 0;
    return true;
}

uint64 copy_to_user(uint64 dst, const void *src, uint64 n)
{
    memcpy((void *)dst, src, n);
    return n;
}

uint64 copy_from_user(void *dst, uint64 src, uint64 n)
{
    if (src == BAD_ADDRESS)
        return 0;
    memcpy(dst, (void *)src, n);
    return n;
}

// Types what the serial port's side is ready for. Returns how many characters that was.
static uint64 type_n(const char *s, uint64 n)
{
    uint64 i = 0;
    for (; i < n && client->ready(); i++)
        client->input((uchar)s[i]);
    return i;
}

static void type(const char *s)
{
    assert_int_equal(type_n(s, strlen(s)), strlen(s));
}

void sleep_on(const void *chan, struct spinlock *lk)
{
    (void)chan;
    spin_unlock(lk);
    room += UART_ATOMIC;
    if (later)
        type(later);
    else
        is_killed = true;
    later = 0;
    spin_lock(lk);
}

static int64 ttyctl(int op, int64 a)
{
    uint64 arg[6] = {op, a};
    return sys_ttyctl(arg);
}

// What one read of n bytes gives.
static const char *read_n(int64 n)
{
    static char buf[RING * 2];
    int64 got = devsw[CONSOLE].read((uint64)buf, n);
    assert_true(got >= 0 && got <= n);
    buf[got] = 0;
    return buf;
}

static int setup(void **state)
{
    static char buf[RING];
    (void)state;
    if (!client)
        console_init();
    ttyctl(TTY_FG, 0);
    ttyctl(TTY_COOKED, 0);
    is_killed = false;
    type("\n");
    while (devsw[CONSOLE].read((uint64)buf, 1) == 1 && buf[0] != '\n')
        ;
    screen_used = screen[0] = 0;
    room = sizeof(screen);
    ended_job = dumps = 0;
    later = 0;
    return 0;
}

static void test_line(void **state)
{
    (void)state;
    type("echo hi\rsecond\n");
    assert_string_equal(read_n(100), "echo hi\n");
    assert_string_equal(read_n(3), "sec");
    assert_string_equal(read_n(100), "ond\n");
    assert_string_equal(screen, "echo hi\nsecond\n");
}

static void test_waits(void **state)
{
    (void)state;
    later = "late\n";
    assert_string_equal(read_n(100), "late\n");
}

static void test_killed(void **state)
{
    (void)state;
    char c;
    type("unfinished");
    assert_int_equal(devsw[CONSOLE].read((uint64)&c, 1), -EINTR);
    is_killed = false;
    type("\n");
    assert_string_equal(read_n(100), "unfinished\n");
}

static void test_bad_address(void **state)
{
    (void)state;
    char c;
    type("kept\n");
    assert_int_equal(devsw[CONSOLE].read(BAD_ADDRESS, 10), -EFAULT);
    assert_int_equal(devsw[CONSOLE].read((uint64)&c, 0), 0);
    assert_int_equal(devsw[CONSOLE].read((uint64)&c, -1), -EINVAL);
    assert_string_equal(read_n(100), "kept\n");
    assert_int_equal(devsw[CONSOLE].write(BAD_ADDRESS, 10), -EFAULT);
    assert_int_equal(devsw[CONSOLE].write((uint64)&c, -1), -EINVAL);
}

static void test_erase(void **state)
{
    (void)state;
    type("\b\x7f\x15\x17"); // on an empty line: nothing
    assert_string_equal(screen, "");
    type("lx\bs -a\x7f\x7f\x7f f\n");
    assert_string_equal(read_n(100), "ls f\n");
    assert_string_equal(screen, "lx\b \bs -a\b \b\b \b\b \b f\n");
    type("a line\x15kill\n");
    assert_string_equal(read_n(100), "kill\n");
    type("one two  \x17three\tx\x17y\n");
    assert_string_equal(read_n(100), "one three\ty\n");
    type("\x17\x17z\n");
    assert_string_equal(read_n(100), "z\n");
}

// Erasing stops at what was already handed over, and takes a control or UTF-8 character as one.
static void test_erase_limits(void **state)
{
    (void)state;
    type("done\nx\b\b\b\n");
    assert_string_equal(read_n(100), "done\n");
    assert_string_equal(read_n(100), "\n");
    screen_used = 0;
    type("\x01\b");
    assert_string_equal(screen, "^A\b \b\b \b");
    screen_used = 0;
    type("\xe2\x82\xac\b!\n");
    assert_string_equal(screen, "\xe2\x82\xac\b \b!\n");
    assert_string_equal(read_n(100), "!\n");
}

static void test_end_of_file(void **state)
{
    (void)state;
    type("\x04");
    assert_string_equal(read_n(100), "");
    type("part\x04");
    assert_string_equal(read_n(100), "part");
    type("part\x04next\n"); // a read that the part just fills is not followed by an end of file
    assert_string_equal(read_n(4), "part");
    assert_string_equal(read_n(100), "next\n");
    type("a\n\x04z\n");
    assert_string_equal(read_n(100), "a\n");
    assert_string_equal(read_n(100), "");
    assert_string_equal(read_n(100), "z\n");
}

static void test_interrupt(void **state)
{
    (void)state;
    type("dropped\x03kept\n");
    assert_string_equal(read_n(100), "kept\n");
    assert_string_equal(screen, "dropped^C\nkept\n");
    assert_int_equal(ended_job, 0);
    ttyctl(TTY_FG, 7);
    type("ahead\nmore\x03kept\n");
    assert_int_equal(ended_job, 7);
    assert_string_equal(read_n(100), "kept\n");
    assert_int_equal(ttyctl(TTY_FG, -1), -EINVAL);
    assert_int_equal(ttyctl(99, 0), -EINVAL);
}

static void test_raw(void **state)
{
    (void)state;
    ttyctl(TTY_RAW, 0);
    type("\x1b[A\r\x04\x03\x7f");
    assert_string_equal(screen, "");
    assert_string_equal(read_n(1), "\x1b");
    assert_string_equal(read_n(100), "[A\r\x04\x03\x7f");
    ttyctl(TTY_FG, 9);
    type("\x03");
    assert_int_equal(ended_job, 9);
    type("x");
    assert_string_equal(read_n(100), "x");
    type("\x10"); // Ctrl-P
    assert_int_equal(dumps, 1);
}

// What is typed ahead of a change of mode is treated as the new mode wants it.
static void test_mode_changes(void **state)
{
    (void)state;
    type("half");
    ttyctl(TTY_RAW, 0);
    assert_string_equal(read_n(100), "half");
    type("cat\rhellx\x7fo\r\x04next");
    assert_string_equal(read_n(4), "cat\r");
    ttyctl(TTY_COOKED, 0);
    assert_string_equal(read_n(100), "hello\n");
    assert_string_equal(read_n(100), "");
    type("\n");
    assert_string_equal(read_n(100), "next\n");
}

// A full ring stops the sender while there is something to read; a line that is too long loses its end
// instead.
static void test_full(void **state)
{
    (void)state;
    static char big[RING * 2];
    for (uint i = 0; i < sizeof(big); i++)
        big[i] = i % 64 == 63 ? '\n' : (char)('a' + i % 64 % 26);
    uint64 taken = type_n(big, sizeof(big)), at = 0;
    assert_true(taken > RING - 64 && taken < RING);
    while (at < sizeof(big)) {
        const char *line = read_n(100);
        assert_memory_equal(line, big + at, 64);
        at += 64;
        taken += type_n(big + taken, sizeof(big) - taken);
    }
    memset(big, 'x', sizeof(big));
    assert_int_equal(type_n(big, sizeof(big)), sizeof(big));
    type("\n");
    const char *line = read_n(sizeof(big) - 1);
    assert_int_equal(strlen(line), RING);
    assert_int_equal(line[RING - 1], '\n');
}

static void test_write(void **state)
{
    (void)state;
    static char big[3000];
    for (uint i = 0; i < sizeof(big); i++)
        big[i] = (char)('!' + i % 90);
    room = 100; // the writer has to sleep
    later = "";
    assert_int_equal(devsw[CONSOLE].write((uint64)big, 200), 200);
    room = sizeof(screen);
    assert_int_equal(devsw[CONSOLE].write((uint64)big + 200, sizeof(big) - 200), sizeof(big) - 200);
    assert_memory_equal(screen, big, sizeof(big));
    room = 300; // killed while it sleeps
    assert_int_equal(devsw[CONSOLE].write((uint64)big, sizeof(big)), 2 * UART_ATOMIC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_line, setup),        cmocka_unit_test_setup(test_waits, setup),
        cmocka_unit_test_setup(test_killed, setup),      cmocka_unit_test_setup(test_bad_address, setup),
        cmocka_unit_test_setup(test_erase, setup),       cmocka_unit_test_setup(test_erase_limits, setup),
        cmocka_unit_test_setup(test_end_of_file, setup), cmocka_unit_test_setup(test_interrupt, setup),
        cmocka_unit_test_setup(test_raw, setup),         cmocka_unit_test_setup(test_mode_changes, setup),
        cmocka_unit_test_setup(test_full, setup),        cmocka_unit_test_setup(test_write, setup),
    };
    return cmocka_run_group_tests(tests, 0, 0);
}
