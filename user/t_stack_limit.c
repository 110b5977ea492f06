// The stack grows to 8 MiB and not a byte further; below lies a guard where nothing is ever mapped. Each end
// is reported with its own reason.
#include "user/t_lib.h"

extern char reach_store[]; // the store of reach()

// A store at `at` with the stack pointer there, as a function with a large frame makes it.
static void __attribute__((noinline)) reach(char *at)
{
    asm volatile("mv t0, sp\n"
                 "andi sp, %0, -16\n"
                 ".globl reach_store\n"
                 "reach_store: sb zero, 0(%0)\n"
                 "mv sp, t0\n"
                 :
                 : "r"(at)
                 : "t0", "memory");
}

extern char poke_store[];
static void __attribute__((noinline)) poke(char *at)
{
    asm volatile(".globl poke_store\n"
                 "poke_store: sb zero, 0(%0)\n"
                 :
                 : "r"(at)
                 : "memory");
}

static void lives(void *at)
{
    reach(at);
    T_EQ(*(volatile char *)at, 0);
}

static void beyond(void *at)
{
    t_expect_fault("store", at, "stack limit", reach_store);
    reach(at);
}

// First the whole stack, so that the guard's neighbour is mapped.
static void guard(void *at)
{
    reach(STACK_LOWEST);
    t_expect_fault("store", at, "guard page", poke_store);
    poke(at);
}

int main(int argc, char **argv)
{
    (void)argc;
    t_begin(argv);
    t_step("down to the lowest byte");
    T_EQ(t_status(lives, STACK_LOWEST + 4 * MIB), 0);
    T_EQ(t_status(lives, STACK_LOWEST + 1), 0);
    T_EQ(t_status(lives, STACK_LOWEST), 0);
    t_step("below it: the stack's limit, when the stack pointer is there");
    T_EQ(t_status(beyond, STACK_LOWEST - 1), T_KILLED);
    T_EQ(t_status(beyond, STACK_LOWEST - PGSIZE), T_KILLED);
    T_EQ(t_status(beyond, STACK_LOWEST - STACK_GAP), T_KILLED);
    t_step("a stray access to the gap: the guard");
    T_EQ(t_status(guard, STACK_LOWEST - 1), T_KILLED);
    T_EQ(t_status(guard, STACK_LOWEST - STACK_GAP), T_KILLED);
    t_ok();
}
