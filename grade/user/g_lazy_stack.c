// Touches the stack where the grader says, with the stack pointer where it says, each time in a child; then
// calls itself to a great depth.
//
//   g_lazy_stack SEED DEPTH
#include "grade/user/grade_lazy.h"

#define FRAME_BYTES 3000
#define VALUE       0x5b

// Stores a byte at `at` while the stack pointer is `sp`.
static void __attribute__((noinline)) reach(uint64 at, uint64 sp)
{
    asm volatile("mv t0, sp\n"
                 "mv sp, %1\n"
                 "sb %2, 0(%0)\n"
                 "mv sp, t0\n"
                 :
                 : "r"(at), "r"(sp), "r"(VALUE)
                 : "t0", "memory");
}

static uint64 __attribute__((noinline)) descend(uint64 seed, uint64 depth)
{
    volatile uint64 local[FRAME_BYTES / sizeof(uint64)];
    for (uint64 i = 0; i < sizeof(local) / sizeof(local[0]); i += 50)
        local[i] = mix(seed, depth + i);
    if (depth == 0)
        return stop("deep", local), 0;
    uint64 bad = descend(seed, depth - 1);
    for (uint64 i = 0; i < sizeof(local) / sizeof(local[0]); i += 50)
        bad += local[i] != mix(seed, depth + i);
    return bad;
}

int main(int argc, char **argv)
{
    uint64 seed = grade_arg(argc, argv, 1), depth = grade_arg(argc, argv, 2), at;
    while ((at = stop("at")) != 0) {
        uint64 sp = stop("sp");
        if (must_fork() == 0) {
            reach(at - 1, sp);
            stop("lives", at);
            exit(0);
        }
        int status = wait_status();
        stop("status", status);
    }
    stop("back", descend(seed, depth));
    return 0;
}
