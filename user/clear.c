// clear: empties the terminal.
#include "user/util.h"

int main(void)
{
    printf("\033[H\033[2J");
    return 0;
}
