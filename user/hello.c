// hello: the smallest program. README.md shows how it comes onto the disk.
#include "kernel/types.h"
#include "user/user.h"

int main(void)
{
    printf("hello from process %d\n", getpid());
    return 0;
}
