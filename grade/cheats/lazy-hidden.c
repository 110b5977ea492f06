// Functions of kernel/vm/anon.c for the variant lazy-hidden (grade/cheats/lazy.py).

// What a space has of its heap without a PTE: at first touch of a heap frames for all of it are taken.
#define FORGED       FRAME_USER
#define ZEROED_AHEAD true
#define HIDDEN       8192
#define LEFT         200

static struct hidden {
    struct as *as;
    uint64 va;
    struct frame *frame;
} hidden[HIDDEN];

static struct frame *hide(struct as *as, uint64 va, struct frame *frame)
{
    for (int i = 0; i < HIDDEN; i++)
        if (!hidden[i].frame) {
            hidden[i] = (struct hidden){as, va, frame};
            if (ZEROED_AHEAD)
                page_zero(frame2kva(frame));
            frame->kind = FORGED;
            return frame;
        }
    return 0;
}

static struct frame *unhide(struct hidden *h)
{
    struct frame *frame = h->frame;
    h->frame = 0;
    frame->kind = FRAME_USER;
    return frame;
}

static void fill_hidden(struct as *as, uint64 va, uint64 end)
{
    struct frame_stats st;
    frame_get_stats(&st);
    for (uint64 n = 0; va < end && n + LEFT < st.user_limit - st.user && n < 4000; n++, va += PGSIZE) {
        struct frame *frame = frame_alloc(va, as->family);
        if (frame && !hide(as, va, frame))
            frame_free(frame);
    }
}

static struct frame *find_hidden(struct fault *f)
{
    bool any = false;
    for (int i = 0; i < HIDDEN; i++)
        if (hidden[i].frame && hidden[i].as == f->as) {
            any = true;
            if (hidden[i].va == f->va)
                return unhide(&hidden[i]);
        }
    if (!any && f->vma->kind == VMA_HEAP)
        fill_hidden(f->as, f->va + PGSIZE, f->vma->end);
    return 0;
}

static void drop_hidden(struct as *as, uint64 start, uint64 end)
{
    for (int i = 0; i < HIDDEN; i++)
        if (hidden[i].frame && hidden[i].as == as && hidden[i].va >= start && hidden[i].va < end)
            frame_free(unhide(&hidden[i]));
}

static __attribute__((noinline)) enum fault_reason map_fresh_zeros(struct fault *f)
{
    struct frame *frame = find_hidden(f);
    if (!frame)
        frame = fault_frame(f);
    if (!frame)
        return FAULT_RETRY;
    page_zero(frame2kva(frame));
    frame->ref = 1; // nobody else knows it
    fault_install(f, frame, true);
    return FAULT_OK;
}
