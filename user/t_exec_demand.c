// A program of two megabytes of which little is touched: exec reads headers, and each touched page is one
// fault, major when the disk had to be waited for. Far pieces of text run, far pieces of data are right.
#include "user/t_lib.h"

#define TEXT_PAGES 256
#define DATA_PAGES 256
#define STEP       32 // pages between those touched
#define TOUCHED    (TEXT_PAGES / STEP + DATA_PAGES / STEP)

// big_text: in each page a function that returns the number of its page; big_data: each page starts with its
// number.
asm(".pushsection .text.big, \"ax\"\n"
    ".globl big_text\n"
    ".balign 4096\n"
    "big_text:\n"
    ".set page, 0\n"
    ".rept 256\n"
    "li a0, page\n"
    "ret\n"
    ".balign 4096\n"
    ".set page, page + 1\n"
    ".endr\n"
    ".popsection\n"
    ".pushsection .data.big, \"aw\"\n"
    ".globl big_data\n"
    ".balign 4096\n"
    "big_data:\n"
    ".set page, 0\n"
    ".rept 256\n"
    ".dword page + 1\n"
    ".balign 4096\n"
    ".set page, page + 1\n"
    ".endr\n"
    ".popsection\n");
extern char big_text[], big_data[];

static uint64 resident(void)
{
    struct vmainfo v;
    uint64 n = 0;
    for (int i = 0; vmainfo(getpid(), i, &v) == 0; i++)
        n += v.kind == VMA_TEXT || v.kind == VMA_DATA ? v.resident : 0;
    return n;
}

// Without t_begin, which would bring all of the text in.
int main(int argc, char **argv)
{
    (void)argc;
    t_name = argv[0];
    struct faultcount start = t_faults();
    t_step("exec of 2 MiB brought in a few pages");
    T_CHECK(resident() < 16);
    T_CHECK(start.major + start.minor < 32);
    t_step("each page touched is one fault, and holds what the file has there");
    uint64 before = resident();
    struct faultcount n = t_faults();
    for (int i = STEP - 1; i < TEXT_PAGES; i += STEP)
        T_EQ(((int (*)(void))(big_text + i * PGSIZE))(), i);
    for (int i = STEP - 1; i < DATA_PAGES; i += STEP)
        T_EQ(*(uint64 *)(big_data + i * PGSIZE), i + 1);
    n = t_faults_since(n);
    T_EQ(resident() - before, TOUCHED);
    T_EQ(n.minor + n.major, TOUCHED);
    T_EQ(n.cow + n.spurious + n.invalid, 0);
    t_step("once more: none");
    n = t_faults();
    for (int i = STEP - 1; i < TEXT_PAGES; i += STEP)
        T_EQ(((int (*)(void))(big_text + i * PGSIZE))(), i);
    n = t_faults_since(n);
    t_faults_say(n);
    t_ok();
}
