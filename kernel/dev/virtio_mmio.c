// Virtio over MMIO: registers, the initialisation dance, and the walk over the slots at boot.
//
// Section numbers are those of the Virtual I/O Device specification, version 1.2. Only the modern interface
// is spoken (register Version = 2). A struct vmmio never changes, so nothing here takes a lock; the driver of
// the device orders the calls. Registers are 32 bits wide and little-endian, as the processor is (4.2.2).
// Where to read next: virtq.c for the rings in memory, virtio_blk.c for the disks.
#include "kernel/dev/virtio_mmio.h"
#include "kernel/boot/machine.h"
#include "kernel/dev/dev.h"
#include "kernel/dev/virtio_blk.h"
#include "kernel/lib/printf.h"
#include "kernel/vm/frame.h"

// Registers (4.2.2, table "MMIO Device Register Layout")
#define MAGIC_VALUE         0x000
#define VERSION             0x004
#define DEVICE_ID           0x008
#define DEVICE_FEATURES     0x010
#define DEVICE_FEATURES_SEL 0x014
#define DRIVER_FEATURES     0x020
#define DRIVER_FEATURES_SEL 0x024
#define QUEUE_SEL           0x030
#define QUEUE_NUM_MAX       0x034
#define QUEUE_NUM           0x038
#define QUEUE_READY         0x044
#define QUEUE_NOTIFY        0x050
#define INTERRUPT_STATUS    0x060
#define INTERRUPT_ACK       0x064
#define STATUS              0x070
#define QUEUE_DESC          0x080 // 64-bit physical addresses, low word first
#define QUEUE_DRIVER        0x090
#define QUEUE_DEVICE        0x0a0
#define CONFIG_GENERATION   0x0fc
#define CONFIG              0x100

#define MAGIC          0x74726976 // "virt"
#define VERSION_LEGACY 1
#define VERSION_MODERN 2

// Device status bits (2.1)
#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER      2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define STATUS_NEEDS_RESET 64
#define STATUS_FAILED      128

// A register, through the direct map.
static volatile uint32 *vmmio_reg(const struct vmmio *io, uint offset)
{
    return (volatile uint32 *)pa2kva(io->base + offset);
}

// Status bits are only ever added, until a reset (2.1.1).
static void status_add(const struct vmmio *io, uint32 bits)
{
    *vmmio_reg(io, STATUS) = *vmmio_reg(io, STATUS) | bits;
}

// A slot without a device has the magic number, too (4.2.2.2). An old QEMU option makes a device speak the
// legacy interface, which has other registers: worth a hint, since nothing will work then.
uint vmmio_probe(const struct vmmio *io)
{
    if (*vmmio_reg(io, MAGIC_VALUE) != MAGIC)
        return 0;
    uint32 version = *vmmio_reg(io, VERSION);
    uint32 id = *vmmio_reg(io, DEVICE_ID); // 0 in an empty slot
    if (id == 0 || version == VERSION_MODERN)
        return id;
    printf("virtio: device %u at 0x%lx has register version %u, not %u: skipped%s\n", id, io->base, version,
           VERSION_MODERN,
           version == VERSION_LEGACY ? " (start QEMU with -global virtio-mmio.force-legacy=false)" : "");
    return 0;
}

// Writing 0 resets; the device has let go of all memory when 0 is read back (2.4.2).
void vmmio_reset(const struct vmmio *io)
{
    *vmmio_reg(io, STATUS) = 0;
    while (*vmmio_reg(io, STATUS) != 0)
        ;
}

// Steps 2 to 4 of 3.1.1: "I have seen you, I know how to drive you, what can you do?"
uint64 vmmio_features(const struct vmmio *io)
{
    status_add(io, STATUS_ACKNOWLEDGE);
    status_add(io, STATUS_DRIVER);
    uint64 features = 0;
    for (uint half = 0; half < 2; half++) {
        *vmmio_reg(io, DEVICE_FEATURES_SEL) = half;
        features |= (uint64)*vmmio_reg(io, DEVICE_FEATURES) << 32 * half;
    }
    return features;
}

// Steps 4 to 6 of 3.1.1: the device may refuse the subset by not keeping FEATURES_OK.
bool vmmio_negotiate(const struct vmmio *io, uint64 features)
{
    for (uint half = 0; half < 2; half++) {
        *vmmio_reg(io, DRIVER_FEATURES_SEL) = half;
        *vmmio_reg(io, DRIVER_FEATURES) = (uint32)(features >> 32 * half);
    }
    status_add(io, STATUS_FEATURES_OK);
    return *vmmio_reg(io, STATUS) & STATUS_FEATURES_OK;
}

// A queue that is ready already is none of ours (4.2.3.2).
uint vmmio_queue_max(const struct vmmio *io)
{
    *vmmio_reg(io, QUEUE_SEL) = 0;
    return *vmmio_reg(io, QUEUE_READY) ? 0 : *vmmio_reg(io, QUEUE_NUM_MAX);
}

// Writes a 64-bit physical address to a pair of registers.
static void address_set(const struct vmmio *io, uint reg, const volatile void *kva)
{
    uint64 pa = kva2pa((const void *)kva);
    *vmmio_reg(io, reg) = (uint32)pa;
    *vmmio_reg(io, reg + 4) = (uint32)(pa >> 32);
}

// 4.2.3.2. The fence puts the empty rings into memory before the device may look at them.
void vmmio_queue_start(const struct vmmio *io, const struct virtq *q)
{
    *vmmio_reg(io, QUEUE_SEL) = 0;
    *vmmio_reg(io, QUEUE_NUM) = q->num;
    address_set(io, QUEUE_DESC, q->desc);
    address_set(io, QUEUE_DRIVER, q->avail);
    address_set(io, QUEUE_DEVICE, q->used);
    virtq_fence_device();
    *vmmio_reg(io, QUEUE_READY) = 1;
}

// Step 8 of 3.1.1: the device is live.
void vmmio_start(const struct vmmio *io)
{
    status_add(io, STATUS_DRIVER_OK);
}

// Reset first: afterwards the device does not touch memory that the kernel uses for other things (3.3.1).
void vmmio_fail(const struct vmmio *io)
{
    vmmio_reset(io);
    status_add(io, STATUS_FAILED);
}

// The available index must be in memory before the device hears of it (2.7.13.4).
void vmmio_notify(const struct vmmio *io)
{
    virtq_fence_device();
    *vmmio_reg(io, QUEUE_NOTIFY) = 0;
}

// Acknowledged before the rings are read: what the device adds afterwards raises a new interrupt (4.2.3.4).
// The fence keeps the rings from being read before the device was.
uint vmmio_ack(const struct vmmio *io)
{
    uint32 why = *vmmio_reg(io, INTERRUPT_STATUS);
    *vmmio_reg(io, INTERRUPT_ACK) = why;
    virtq_fence_device();
    return why;
}

// DEVICE_NEEDS_RESET: announced by a configuration-change interrupt (2.1.2).
bool vmmio_broken(const struct vmmio *io)
{
    return *vmmio_reg(io, STATUS) & STATUS_NEEDS_RESET;
}

// Reads again until the generation stood still, or two halves of a field might not belong together (2.5.1).
void vmmio_config(const struct vmmio *io, uint offset, uint32 *word, uint n)
{
    uint32 before;
    do {
        before = *vmmio_reg(io, CONFIG_GENERATION);
        for (uint i = 0; i < n; i++)
            word[i] = *vmmio_reg(io, CONFIG + offset + 4 * i);
    } while (*vmmio_reg(io, CONFIG_GENERATION) != before);
}

// The order of the slots, lowest address first, is the order of the disks.
void virtio_init(void)
{
    for (int i = 0; i < machine.nvirtio; i++) {
        struct vmmio io = {.base = machine.virtio[i].base, .irq = machine.virtio_irq[i]};
        if (vmmio_probe(&io) == VIRTIO_BLOCK)
            virtio_blk_add(&io);
    }
}
