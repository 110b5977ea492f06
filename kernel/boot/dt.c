// What the device tree says about this machine, in the kernel's own terms (struct machine).
//
// Two walks over the blob (boot/fdt.c): the first collects memory, harts and /chosen, the second the devices,
// since an interrupt controller names the harts by their phandles and the console may be named by /chosen.
// The bindings used are cited where they are read. Not here: address translation by `ranges`, which is the
// identity on every machine with this layout, and interrupt parents other than the one PLIC.
//
// As the format is, so the content is not trusted: counts are limited by the arrays, sizes are checked for
// overflow, and a device that makes no sense counts as absent.
#include "kernel/boot/dt.h"
#include "kernel/boot/fdt.h"
#include "kernel/lib/err.h"
#include "kernel/lib/string.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"

#define KERNEL_LOAD_PA                                                                                       \
    0x80200000UL           // where the firmware puts the kernel (RISC-V boot convention: 2 MiB into RAM)
#define SUPERVISOR_EXT   9 // cause of the supervisor external interrupt: marks a PLIC's S contexts
#define PLIC_CONTEXTS    0x200000UL // PLIC spec: threshold and claim registers of context 0 ..
#define PLIC_CONTEXT_LEN 0x1000UL   // .. and the distance to the next context's
#define PLIC_MAXIRQ      1023

struct parser {
    struct machine *m;
    uint64 boot_hartid;
    bool found_boot;
    bool too_many_reserved;
    uint intc[NCPU];     // phandle of cpus[i]'s interrupt controller, 0 = none seen
    int cpu;             // index of the hart that the walk is inside of, -1 = one that is not used
    const char *console; // /chosen stdout-path, or what /aliases says about it
    struct fdt_node aliases;
    bool has_aliases;
};

// Not empty, and inside what the direct map reaches.
static bool range_ok(uint64 base, uint64 size)
{
    return size > 0 && base < DIRECT_SIZE && size <= DIRECT_SIZE - base;
}

static bool contains(const struct range *r, uint64 pa)
{
    return pa >= r->base && pa - r->base < r->size;
}

// The node's name without its unit address.
static bool named(const struct fdt_node *n, const char *name)
{
    uint64 len = strlen(name);
    return strncmp(n->name, name, len) == 0 && (n->name[len] == 0 || n->name[len] == '@');
}

static bool has_device_type(const struct fdt *f, const struct fdt_node *n, const char *type)
{
    struct fdt_prop p;
    return fdt_prop(f, n, "device_type", &p) && fdt_has_string(&p, type);
}

// Dropping a range that does not fit would hand the firmware's memory out: dt_parse refuses the tree instead.
static void add_reserved(struct parser *ps, uint64 base, uint64 size)
{
    struct machine *m = ps->m;

    if (!range_ok(base, size))
        return;
    if (m->nreserved == MACHINE_MAXRESERVED)
        ps->too_many_reserved = true;
    else
        m->reserved[m->nreserved++] = (struct range){base, size};
}

// Of several banks, the one that holds the kernel; whole pages of it, as far as the direct map reaches.
static void visit_memory(struct parser *ps, const struct fdt *f, const struct fdt_node *n)
{
    struct range *ram = &ps->m->ram;
    uint64 base, size;

    for (uint64 i = 0; fdt_reg(f, n, i, &base, &size); i++) {
        if (base >= DIRECT_SIZE)
            continue;
        if (size > DIRECT_SIZE - base)
            size = DIRECT_SIZE - base;
        uint64 end = PGROUNDDOWN(base + size);
        base = PGROUNDUP(base);
        if (end <= base)
            continue;
        struct range bank = {base, end - base};
        bool better =
            contains(&bank, KERNEL_LOAD_PA) || (!contains(ram, KERNEL_LOAD_PA) && bank.size > ram->size);
        if (better)
            *ram = bank;
    }
}

// cpus[0] is the boot hart's before the walk has come to it.
static bool hart_known(const struct machine *m, uint64 id)
{
    for (int i = 1; i < m->nharts; i++)
        if (m->hartid[i] == id)
            return true;
    return false;
}

// Devicetree spec 3.8. cpus[0] is kept for the boot hart, wherever it stands in the tree.
static void visit_cpu(struct parser *ps, const struct fdt *f, const struct fdt_node *n)
{
    struct machine *m = ps->m;
    uint64 id, size;

    ps->cpu = -1;
    if (!fdt_reg(f, n, 0, &id, &size) || !fdt_enabled(f, n))
        return;
    if (id == ps->boot_hartid) {
        ps->found_boot = true;
        ps->cpu = 0;
    } else if (m->nharts < NCPU && !hart_known(m, id)) {
        ps->cpu = m->nharts++;
        m->hartid[ps->cpu] = id;
    }
}

// The child of a cpu node that stands for its local interrupt controller; the PLIC refers to it.
static void visit_intc(struct parser *ps, const struct fdt *f, const struct fdt_node *n)
{
    struct fdt_prop p;

    if (ps->cpu >= 0 && fdt_prop(f, n, "phandle", &p))
        ps->intc[ps->cpu] = fdt_u32(&p, 0);
}

// timebase-frequency is one or two cells (devicetree spec 3.8.1).
static void visit_cpus(struct parser *ps, const struct fdt *f, const struct fdt_node *n)
{
    struct fdt_prop p;

    if (fdt_prop(f, n, "timebase-frequency", &p))
        fdt_number(&p, 0, p.len == sizeof(uint64) ? 2 : 1, &ps->m->timebase);
}

// A command line that is too long loses its last words, not half of one.
static void copy_bootargs(struct machine *m, const char *s)
{
    uint64 len = strlen(s);

    if (len >= sizeof(m->bootargs)) {
        len = sizeof(m->bootargs) - 1;
        while (len > 0 && s[len] != ' ')
            len--;
    }
    memcpy(m->bootargs, s, len);
    m->bootargs[len] = 0;
}

// Devicetree spec 3.6
static void visit_chosen(struct parser *ps, const struct fdt *f, const struct fdt_node *n)
{
    struct fdt_prop p;

    if (fdt_prop(f, n, "bootargs", &p) && fdt_string(&p))
        copy_bootargs(ps->m, fdt_string(&p));
    if (fdt_prop(f, n, "stdout-path", &p))
        ps->console = fdt_string(&p);
}

static void visit_aliases(struct parser *ps, const struct fdt_node *n)
{
    ps->aliases = *n;
    ps->has_aliases = true;
}

// Devicetree spec 3.5: each child reserves what its reg says. Ranges to be allocated (size without reg) do
// not matter here.
static void visit_reserved(struct parser *ps, const struct fdt *f, const struct fdt_node *n)
{
    uint64 base, size;

    for (uint64 i = 0; fdt_reg(f, n, i, &base, &size); i++)
        add_reserved(ps, base, size);
}

// First walk: nodes at fixed places of the tree.
static void visit_first(const struct fdt *f, const struct fdt_node *n, void *arg)
{
    struct parser *ps = arg;

    if (n->depth == 1 && has_device_type(f, n, "memory") && fdt_enabled(f, n))
        visit_memory(ps, f, n);
    else if (n->depth == 1 && named(n, "cpus"))
        visit_cpus(ps, f, n);
    else if (n->depth == 1 && named(n, "chosen"))
        visit_chosen(ps, f, n);
    else if (n->depth == 1 && named(n, "aliases"))
        visit_aliases(ps, n);
    else if (n->depth == 2 && named(&n[-1], "cpus") && has_device_type(f, n, "cpu"))
        visit_cpu(ps, f, n);
    else if (n->depth == 3 && named(&n[-2], "cpus") && fdt_compatible(f, n, "riscv,cpu-intc"))
        visit_intc(ps, f, n);
    else if (n->depth == 2 && named(&n[-1], "reserved-memory") && fdt_enabled(f, n))
        visit_reserved(ps, f, n);
}

// stdout-path may be an alias: /aliases has a property of that name with the path (devicetree spec 3.3).
static void resolve_console(struct parser *ps, const struct fdt *f)
{
    char name[32];
    struct fdt_prop p;
    uint64 len = 0;

    if (!ps->console || *ps->console == '/' || !ps->has_aliases)
        return;
    while (ps->console[len] && ps->console[len] != ':')
        len++;
    if (len >= sizeof(name))
        return;
    memcpy(name, ps->console, len);
    name[len] = 0;
    if (fdt_prop(f, &ps->aliases, name, &p) && fdt_string(&p))
        ps->console = fdt_string(&p);
}

// A device has one range of registers here.
static bool device_range(const struct fdt *f, const struct fdt_node *n, struct range *r)
{
    return fdt_reg(f, n, 0, &r->base, &r->size) && range_ok(r->base, r->size);
}

// The PLIC has one cell an interrupt: its number. 0 is no interrupt.
static uint device_irq(const struct fdt *f, const struct fdt_node *n)
{
    struct fdt_prop p;
    return fdt_prop(f, n, "interrupts", &p) ? fdt_u32(&p, 0) : 0;
}

// The console if /chosen names one, else the first.
static void visit_uart(struct parser *ps, const struct fdt *f, const struct fdt_node *n)
{
    struct machine *m = ps->m;
    struct range r;

    if (m->uart.size != 0 && !(ps->console && fdt_is_path(n, ps->console)))
        return;
    if (!device_range(f, n, &r))
        return;
    m->uart = r;
    m->uart_irq = device_irq(f, n);
}

// Binding "sifive,plic-1.0.0": the k-th pair of interrupts-extended says which hart's interrupt controller
// context k is wired to, and to which of its inputs.
static void visit_plic(struct parser *ps, const struct fdt *f, const struct fdt_node *n)
{
    struct machine *m = ps->m;
    struct fdt_prop p;

    if (m->plic.size != 0 || !device_range(f, n, &m->plic))
        return;
    fdt_prop(f, n, "riscv,ndev", &p);
    m->plic_ndev = fdt_u32(&p, 0) < PLIC_MAXIRQ ? fdt_u32(&p, 0) : PLIC_MAXIRQ;
    fdt_prop(f, n, "interrupts-extended", &p);
    for (uint64 k = 0; k < p.len / sizeof(uint64); k++) {
        uint phandle = fdt_u32(&p, 2 * k);
        if (fdt_u32(&p, 2 * k + 1) != SUPERVISOR_EXT || phandle == 0 ||
            PLIC_CONTEXTS + (k + 1) * PLIC_CONTEXT_LEN > m->plic.size)
            continue;
        for (int i = 0; i < m->nharts; i++)
            if (ps->intc[i] == phandle)
                m->plic_context[i] = (int)k;
    }
}

// Keeps the slots in the order of their addresses, which is the order of QEMU's virtio-mmio-bus.N. Of too
// many, those with the highest addresses fall out.
static void visit_virtio(struct parser *ps, const struct fdt *f, const struct fdt_node *n)
{
    struct machine *m = ps->m;
    struct range r;
    int i = m->nvirtio;

    if (!device_range(f, n, &r))
        return;
    if (i == MACHINE_MAXVIRTIO && m->virtio[--i].base < r.base)
        return;
    m->nvirtio = i + 1;
    for (; i > 0 && m->virtio[i - 1].base > r.base; i--) {
        m->virtio[i] = m->virtio[i - 1];
        m->virtio_irq[i] = m->virtio_irq[i - 1];
    }
    m->virtio[i] = r;
    m->virtio_irq[i] = device_irq(f, n);
}

// Writing a status to its first word ends QEMU (boot/poweroff.c).
static void visit_finisher(struct parser *ps, const struct fdt *f, const struct fdt_node *n)
{
    struct range r;

    if (device_range(f, n, &r))
        ps->m->finisher = r;
}

// Second walk: devices anywhere, by what they are compatible with.
static void visit_second(const struct fdt *f, const struct fdt_node *n, void *arg)
{
    struct parser *ps = arg;

    if (!fdt_enabled(f, n))
        return;
    if (fdt_compatible(f, n, "ns16550a"))
        visit_uart(ps, f, n);
    else if (fdt_compatible(f, n, "sifive,plic-1.0.0") || fdt_compatible(f, n, "riscv,plic0"))
        visit_plic(ps, f, n);
    else if (fdt_compatible(f, n, "virtio,mmio"))
        visit_virtio(ps, f, n);
    else if (fdt_compatible(f, n, "sifive,test0") || fdt_compatible(f, n, "sifive,test1"))
        visit_finisher(ps, f, n);
}

// What stands before the walks: one hart, no contexts, the rest 0.
static void start(struct parser *ps, struct machine *m, uint64 boot_hartid)
{
    *ps = (struct parser){.m = m, .boot_hartid = boot_hartid, .cpu = -1};
    memset(m, 0, sizeof(*m));
    m->hartid[0] = boot_hartid;
    m->nharts = 1;
    for (int i = 0; i < NCPU; i++)
        m->plic_context[i] = -1;
}

int dt_parse(const void *fdt, uint64 maxlen, uint64 boot_hartid, struct machine *m)
{
    struct parser ps;
    struct fdt f;
    uint64 base, size;

    start(&ps, m, boot_hartid);
    if (fdt_open(&f, fdt, maxlen) < 0 || fdt_walk(&f, visit_first, &ps) < 0)
        return -EINVAL;
    for (uint64 i = 0; fdt_reserved(&f, i, &base, &size); i++)
        add_reserved(&ps, base, size);
    resolve_console(&ps, &f);
    if (fdt_walk(&f, visit_second, &ps) < 0)
        return -EINVAL;
    if (m->ram.size == 0 || !ps.found_boot || m->timebase == 0)
        return -ENODEV;
    return ps.too_many_reserved ? -E2BIG : 0;
}
