// Mine: clock with a quarter of memory on probation, the reference solution of lab 5.
//
// New pages wait in line, accessed bit off. While the line is longer than its share, the page at its head
// must show whether it was used again meanwhile: if so it is kept, else it goes. So pages that are used once,
// such as a scan's, push out each other and not what is in use. Kept pages are clock's: those that were used
// get a second chance; they go when the line is within its share, that is, when so many are kept that new
// ones find no room.
//
// Like 2Q (Johnson and Shasha, VLDB 1994) and S3-FIFO (Yang, Zhang, Qiu, Yue, Rashmi, SOSP 2023), but these
// also remember pages that are gone, which a policy here cannot. A smaller share is better for scans, a
// larger one when the pages in use change often. Cost: as clock, and one bit to read for each page that comes
// in.
#include "kernel/swap/policy.h"

#define PROBATION_SHARE 4 // 1/4

enum { ON_PROBATION, KEPT }; // frame.age

static struct framelist probation, kept; // oldest first
static uint nprobation, nkept;

static void mine_init(void)
{
    framelist_init(&probation);
    framelist_init(&kept);
    nprobation = nkept = 0;
}

static void mine_add(struct frame *f)
{
    policy_accessed(f);
    f->age = ON_PROBATION;
    framelist_push_back(&probation, f);
    nprobation++;
}

static void mine_del(struct frame *f)
{
    framelist_del(f);
    if (f->age == KEPT)
        nkept--;
    else
        nprobation--;
}

static void keep(struct frame *f)
{
    mine_del(f);
    f->age = KEPT;
    framelist_push_back(&kept, f);
    nkept++;
}

// The page that must show its use next.
static struct frame *candidate(void)
{
    bool too_many = nprobation > (nprobation + nkept) / PROBATION_SHARE;
    return framelist_first(too_many ? &probation : &kept);
}

// One turn at most: other harts may set bits as fast as we clear them.
static struct frame *mine_victim(void)
{
    struct frame *f = candidate();
    for (uint left = nprobation + nkept; left > 0 && policy_accessed(f); left--) {
        keep(f);
        f = candidate();
    }
    return f;
}

const struct policy policy_mine = {
    .name = "mine",
    .init = mine_init,
    .add = mine_add,
    .del = mine_del,
    .victim = mine_victim,
};
