// Address-space layout (Sv39, privileged spec 4.4). docs/memory.md has the picture.
//
//   user    0x00_0000_0000          page 0: never mapped
//           USER_BASE               program text, data, bss, then the heap, growing up
//           USTACK_TOP - 8 MiB      lowest address of the stack, which grows down on demand
//           USTACK_TOP              top of the stack
//           MAXVA                   end of the lower half
//   kernel  DIRECT_BASE             direct map: physical address p is at DIRECT_BASE + p (RAM and devices)
//           KSTACK_BASE             kernel stacks, each above an unmapped guard
//           VMALLOC_BASE            big kernel tables, mapped page by page
#ifndef KERNEL_MEMLAYOUT_H
#define KERNEL_MEMLAYOUT_H

#define USER_BASE  0x1000UL
#define USTACK_TOP 0x3fffe00000UL // 2 MiB below MAXVA: nothing is ever mapped above it

#define DIRECT_BASE  0xffffffc000000000UL
#define DIRECT_SIZE  0x2000000000UL // 128 GiB of physical addresses
#define KSTACK_BASE  0xffffffe000000000UL
#define KSTACK_SIZE  0x40000000UL // one entry of the root table, filled at boot and shared by all roots
#define VMALLOC_BASE 0xffffffe040000000UL
#define VMALLOC_END  0xfffffff000000000UL

// The heap may grow to here: stack limit and gap lie above. xv6 has its trap frame at the end of what a heap
// may reach, so its programs know the address by this name.
#define TRAPFRAME (USTACK_TOP - (8UL << 20) - (1UL << 20))

// Where QEMU's virt machine puts RAM. xv6 programs size themselves from these; the kernel reads the device
// tree.
#define KERNBASE 0x80000000L
#define PHYSTOP  (KERNBASE + 128 * 1024 * 1024L)

#endif
