// Functions of kernel/vm/anon.c for the variant lazy-one-flush (grade/right/lazy.py).

// Frames whose references wait for the flush, in pages of kernel memory. There is room for as many as the
// area has pages; without memory for that, a small one is used again and again.
#define SMALL 8

struct waiting {
    struct frame *few[SMALL];
    struct frame **page[8]; // kernel pages
    uint64 n, room;
};

#define PER_PAGE (PGSIZE / sizeof(struct frame *))

static struct frame **place(struct waiting *w, uint64 i)
{
    return w->page[0] ? &w->page[i / PER_PAGE][i % PER_PAGE] : &w->few[i];
}

static void prepare(struct waiting *w, uint64 frames)
{
    w->n = 0;
    w->room = 0;
    w->page[0] = 0;
    for (int i = 0; frames > SMALL && i < 8 && w->room < frames && (w->page[i] = kpage_alloc()); i++)
        w->room += PER_PAGE;
    if (!w->room)
        w->room = SMALL;
}

static void give_back(struct as *as, struct waiting *w)
{
    struct frame *batch = 0;
    if (w->n == 0)
        return;
    tlb_flush(&as->mmu, 0, MAXVA / PGSIZE);
    for (uint64 i = 0; i < w->n; i++) {
        struct frame *frame = *place(w, i);
        as->zeros -= frame == zero_frame;
        as->resident--;
        page_put_batch(frame, &batch);
    }
    frame_free_batch(batch);
    w->n = 0;
}

static void finish(struct as *as, struct waiting *w)
{
    uint64 pages = w->page[0] ? w->room / PER_PAGE : 0;
    give_back(as, w);
    for (uint64 i = 0; i < pages; i++)
        kpage_free(w->page[i]);
}

void anon_release(struct as *as, uint64 start, uint64 end)
{
    struct waiting w;
    pte_t *pte;
    prepare(&w, as->resident);
    for (uint64 va = start; (pte = mmu_next(&as->mmu, &va, end)) != 0; va += PGSIZE) {
        if (!(*pte & PTE_V)) {
            if (*pte)
                release_slot(as, pte);
            continue;
        }
        if (w.n == w.room)
            give_back(as, &w);
        *place(&w, w.n++) = pa2frame(PTE2PA(pte_clear(&as->mmu, pte, va)));
    }
    finish(as, &w);
}
