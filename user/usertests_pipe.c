// Pipes: order and content of what goes through, ends of file, many writers and readers on all harts, and the
// descriptors of both ends.
#include "kernel/types.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/vmstat.h"
#include "user/usertests.h"

#define CHUNK 1000

static void read_all(int fd, void *p, int n)
{
    char *at = p;
    while (n > 0) {
        int got = read(fd, at, n);
        CHECK(got > 0);
        at += got;
        n -= got;
    }
}

// Bytes come out as they went in; read returns what there is.
static void pipe_basic(void)
{
    int fd[2];
    char buf[32];
    ut_pipe2(fd);
    CHECK(fd[0] != fd[1] && fd[0] >= 3 && fd[1] >= 3);
    CHECK_EQ(write(fd[1], "hello", 5), 5);
    CHECK_EQ(write(fd[1], " world", 6), 6);
    CHECK_EQ(read(fd[0], buf, 3), 3);
    CHECK_EQ(read(fd[0], buf + 3, sizeof(buf) - 3), 8);
    CHECK_EQ(memcmp(buf, "hello world", 11), 0);
    CHECK_EQ(write(fd[1], "", 0), 0);
    CHECK_EQ(read(fd[0], buf, 0), 0);
}

// Each end goes one way only, and has no offset or directory to it.
static void pipe_ends(void)
{
    int fd[2];
    char c;
    ut_pipe2(fd);
    CHECK_EQ(read(fd[1], &c, 1), -1);
    CHECK_EQ(write(fd[0], "x", 1), -1);
    CHECK_EQ(fsync(fd[0]) > 0, 0);
    CHECK_EQ(close(fd[1]), 0);
    CHECK_EQ(read(fd[0], &c, 1), 0);
    CHECK_EQ(read(fd[0], &c, 1), 0);
    CHECK_EQ(close(fd[0]), 0);
    CHECK_EQ(close(fd[0]), -1);
}

// What was written before the last writer closed is still read; then the end.
static void pipe_eof(void)
{
    int fd[2], copy;
    char buf[8];
    ut_pipe2(fd);
    copy = dup(fd[1]);
    CHECK_EQ(write(fd[1], "ab", 2), 2);
    CHECK_EQ(close(fd[1]), 0);
    CHECK_EQ(write(copy, "cd", 2), 2);
    CHECK_EQ(close(copy), 0);
    CHECK_EQ(read(fd[0], buf, 3), 3);
    CHECK_EQ(read(fd[0], buf + 3, 5), 1);
    CHECK_EQ(memcmp(buf, "abcd", 4), 0);
    CHECK_EQ(read(fd[0], buf, 8), 0);
}

// Without a reader a write fails, and the writer lives on.
static void pipe_no_reader(void)
{
    int fd[2];
    ut_pipe2(fd);
    int copy = dup(fd[0]);
    close(fd[0]);
    CHECK_EQ(write(fd[1], "x", 1), 1);
    close(copy);
    CHECK_EQ(write(fd[1], "x", 1), -1);
    CHECK_EQ(write(fd[1], "x", 1), -1);
}

// A writer that waits for room is told when the last reader goes away.
static void pipe_reader_leaves(void)
{
    static char block[4096];
    int fd[2];
    ut_pipe2(fd);
    int pid = ut_fork();
    if (pid == 0) {
        close(fd[0]);
        while (write(fd[1], block, sizeof(block)) == sizeof(block))
            ;
        CHECK_EQ(write(fd[1], block, 1), -1);
        exit(0);
    }
    close(fd[1]);
    ut_until_state(pid, PROC_SLEEPING);
    close(fd[0]);
    ut_reap(1);
}

// A child streams a long pattern in odd pieces, the parent reads in other odd pieces.
static void pipe_stream(void)
{
    static uchar buf[3000];
    const int total = 300000;
    int fd[2], seen = 0;
    ut_pipe2(fd);
    if (ut_fork() == 0) {
        uint rnd = 7;
        close(fd[0]);
        for (int sent = 0, n; sent < total; sent += n) {
            n = 1 + ut_rand(&rnd) % sizeof(buf);
            n = MIN(n, total - sent);
            for (int i = 0; i < n; i++)
                buf[i] = (sent + i) * 7 % 251;
            CHECK_EQ(write(fd[1], buf, n), n);
        }
        exit(0);
    }
    close(fd[1]);
    for (int n; (n = read(fd[0], buf, 1 + seen % 2999)) > 0; seen += n) {
        for (int i = 0; i < n; i++)
            CHECK_EQ(buf[i], (seen + i) * 7 % 251);
    }
    CHECK_EQ(seen, total);
    ut_reap(1);
}

// Many writers of small records into one pipe: every record arrives whole and once. Small writes are not
// torn.
static void pipe_many_writers(void)
{
    enum { WRITERS = 8, RECORDS = 200 };
    struct record {
        int who, serial, check;
    } r;
    int fd[2], next[WRITERS] = {0};
    ut_pipe2(fd);
    for (int w = 0; w < WRITERS; w++) {
        if (ut_fork() == 0) {
            for (int i = 0; i < RECORDS; i++) {
                r = (struct record){w, i, w * 1000 + i};
                CHECK_EQ(write(fd[1], &r, sizeof(r)), sizeof(r));
            }
            exit(0);
        }
    }
    close(fd[1]);
    for (int i = 0; i < WRITERS * RECORDS; i++) {
        read_all(fd[0], &r, sizeof(r));
        CHECK(r.who >= 0 && r.who < WRITERS);
        CHECK_EQ(r.serial, next[r.who]++);
        CHECK_EQ(r.check, r.who * 1000 + r.serial);
    }
    CHECK_EQ(read(fd[0], &r, 1), 0);
    ut_reap(WRITERS);
}

// Writers and readers on one pipe; the readers' sums and counts of bytes add up to what was sent.
static void pipe_many_both(void)
{
    enum { WRITERS = 5, READERS = 5, EACH = 20000 };
    uint64 part[2], total[2] = {0, 0}, want = 0;
    int data[2], result[2];
    ut_pipe2(data);
    ut_pipe2(result);
    for (int r = 0; r < READERS; r++) {
        if (ut_fork() == 0) {
            uchar buf[CHUNK];
            uint64 sum[2] = {0, 0};
            close(data[1]);
            for (int n; (n = read(data[0], buf, 1 + r * 99)) > 0; sum[0] += n) {
                for (int i = 0; i < n; i++)
                    sum[1] += buf[i];
            }
            CHECK_EQ(write(result[1], sum, sizeof(sum)), sizeof(sum));
            exit(0);
        }
    }
    for (int w = 0; w < WRITERS; w++) {
        want += (uint64)EACH * (w + 1);
        if (ut_fork() == 0) {
            uchar buf[CHUNK];
            memset(buf, w + 1, sizeof(buf));
            for (int sent = 0; sent < EACH; sent += CHUNK)
                CHECK_EQ(write(data[1], buf, CHUNK), CHUNK);
            exit(0);
        }
    }
    close(data[1]);
    for (int r = 0; r < READERS; r++) {
        read_all(result[0], part, sizeof(part));
        total[0] += part[0];
        total[1] += part[1];
    }
    CHECK_EQ(total[0], WRITERS * EACH);
    CHECK_EQ(total[1], want);
    ut_reap(WRITERS + READERS);
}

// A token round a ring of processes: every hop is a sleep and a wakeup.
static void pipe_ring(void)
{
    enum { MEMBERS = 5, ROUNDS = 100 };
    int first[2], in, fd[2], token;
    ut_pipe2(first);
    in = first[0];
    for (int i = 0; i < MEMBERS; i++) {
        ut_pipe2(fd);
        if (ut_fork() == 0) {
            close(first[1]);
            close(fd[0]);
            while (read(in, &token, sizeof(token)) == sizeof(token)) {
                token++;
                CHECK_EQ(write(fd[1], &token, sizeof(token)), sizeof(token));
            }
            exit(0);
        }
        close(in);
        close(fd[1]);
        in = fd[0];
    }
    token = 0;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(write(first[1], &token, sizeof(token)), sizeof(token));
        read_all(in, &token, sizeof(token));
    }
    CHECK_EQ(token, MEMBERS * ROUNDS);
    close(first[1]);
    ut_reap(MEMBERS);
}

// Making and dropping pipes without using them.
static void pipe_churn(void)
{
    for (int i = 0; i < 200; i++) {
        int fd[2];
        ut_pipe2(fd);
        if (i % 3 == 0)
            CHECK_EQ(write(fd[1], "unread", 6), 6);
        close(fd[i % 2]);
        close(fd[1 - i % 2]);
    }
}

// pipe() with one descriptor left takes none.
static void pipe_no_descriptor(void)
{
    int fd[2], n = 0;
    while (dup(1) >= 0)
        n++;
    CHECK_EQ(pipe(fd), -1);
    CHECK_EQ(close(NOFILE - 1), 0);
    CHECK_EQ(pipe(fd), -1);
    CHECK_EQ(dup(1), NOFILE - 1);
    close(NOFILE - 1);
    close(NOFILE - 2);
    CHECK_EQ(pipe(fd), 0);
    CHECK_EQ(n, NOFILE - 3);
}

const struct testcase ut_pipe[] = {
    {"pipe_basic", pipe_basic, 0},
    {"pipe_ends", pipe_ends, 0},
    {"pipe_eof", pipe_eof, 0},
    {"pipe_no_reader", pipe_no_reader, 0},
    {"pipe_reader_leaves", pipe_reader_leaves, 0},
    {"pipe_stream", pipe_stream, 0},
    {"pipe_many_writers", pipe_many_writers, 0},
    {"pipe_many_both", pipe_many_both, 0},
    {"pipe_ring", pipe_ring, 0},
    {"pipe_churn", pipe_churn, 0},
    {"pipe_no_descriptor", pipe_no_descriptor, 0},
    {0},
};
