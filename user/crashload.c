// crashload [workers [operations [seed]]]: changes files, syncs, and writes down what it has synced, for
// tests/crash, which looks at every state that a crash could leave. See user/crashload.h.
#include "kernel/types.h"
#include "kernel/stat.h"
#include "kernel/fcntl.h"
#include "user/user.h"
#include "user/crashload.h"

static char chunk[CRASH_CHUNK];
static unsigned seed;

static void fail(const char *what, unsigned j)
{
    fprintf(2, "crashload: %s failed at operation %u\n", what, j);
    exit(1);
}

// "/wW/NAME" or "/wW/sub/NAME"
static void name(char *path, unsigned worker, unsigned n)
{
    strcpy(path, "/w0/");
    path[2] += worker;
    if (n >= CRASH_NAMES / 2)
        strcpy(path + 4, "sub/");
    char leaf[2] = {'a' + n, 0};
    strcpy(path + strlen(path), leaf);
}

static void append(const char *path, const struct crash_op *op)
{
    struct stat st;
    int fd = open(path, O_WRONLY | O_APPEND);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && st.size >= CRASH_MAXFILE) {
        close(fd);
        fd = open(path, O_WRONLY | O_TRUNC);
    } else {
        for (unsigned i = 0; i < op->len; i++)
            chunk[i] = crash_byte(op->seed, i);
        if (write(fd, chunk, op->len) != op->len)
            fail("write", op->len);
    }
    close(fd);
}

static void operate(unsigned worker, unsigned j)
{
    struct crash_op op = crash_op(seed, worker, j);
    char a[16], b[16];
    int fd = -1;
    name(a, worker, op.a);
    name(b, worker, op.b);
    switch (op.kind) {
    case CRASH_CREATE:
        fd = open(a, O_CREATE | O_WRONLY);
        break;
    case CRASH_APPEND:
        append(a, &op);
        break;
    case CRASH_CUT:
        fd = open(a, O_WRONLY | O_TRUNC);
        break;
    case CRASH_UNLINK:
        if (j % 2)
            fd = open(a, O_RDONLY);
        unlink(a);
        break;
    case CRASH_LINK:
        link(a, b);
        break;
    default:
        rename(a, b);
    }
    if (fd >= 0)
        close(fd);
}

static void mark(unsigned worker, unsigned ops)
{
    char path[] = "/m0";
    struct crash_mark m = {.magic = CRASH_MAGIC, .worker = worker, .ops = ops};
    path[2] += worker;
    int fd = open(path, O_CREATE | O_WRONLY);
    if (fd < 0 || (ops / CRASH_SYNC % 2 ? sync() : fsync(fd)) < 0)
        fail("sync", ops);
    if (write(fd, &m, sizeof(m)) != sizeof(m))
        fail("marker", ops);
    close(fd);
}

static void work(unsigned worker, unsigned nops)
{
    char dir[] = "/w0", sub[] = "/w0/sub";
    dir[2] = sub[2] = '0' + worker;
    if (mkdir(dir) < 0 || mkdir(sub) < 0)
        fail("mkdir", 0);
    for (unsigned j = 0; j < nops; j++) {
        operate(worker, j);
        if ((j + 1) % CRASH_SYNC == 0)
            mark(worker, j + 1);
    }
    exit(0);
}

// /big grows, is cut to nothing, grows, is unlinked; until the workers have ended and this process is killed.
static void work_big(void)
{
    for (unsigned round = 0;; round++) {
        int fd = open("/big", O_CREATE | O_WRONLY | O_TRUNC);
        if (fd < 0)
            fail("open /big", round);
        for (unsigned at = 0; at < CRASH_BIG * 1024; at += CRASH_CHUNK) {
            for (unsigned i = 0; i < CRASH_CHUNK; i++)
                chunk[i] = crash_byte(0, at + i);
            if (write(fd, chunk, CRASH_CHUNK) != CRASH_CHUNK)
                fail("write /big", round);
        }
        if (round % 2)
            unlink("/big");
        close(fd);
        pause(1);
    }
}

int main(int argc, char *argv[])
{
    int workers = argc > 1 ? atoi(argv[1]) : 4;
    int nops = argc > 2 ? atoi(argv[2]) : 200;
    int status, failed = 0;
    seed = argc > 3 ? atoi(argv[3]) : 1;
    if (workers < 1 || workers > CRASH_WORKERS || nops < 1)
        fail("argument", argc);
    for (int w = 0; w < workers; w++) {
        int pid = fork();
        if (pid < 0)
            fail("fork", w);
        if (pid == 0)
            work(w, nops);
    }
    int big = fork();
    if (big == 0)
        work_big();
    for (int w = 0; w < workers; w++)
        if (wait(&status) == big || status != 0)
            failed = 1;
    kill(big);
    wait(0);
    exit(failed);
}
