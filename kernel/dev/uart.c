// Serial port, an NS16550A (National Semiconductor PC16550D data sheet, section 8; its register names are
// used here).
//
// Output goes through one ring, so that kernel messages and processes' writes come out in the order they were
// made and nothing is lost. A writer fills the device itself while it takes characters; what is left over
// follows by transmit interrupts. Two ways in: uart_try_write for those who can come again (the console), and
// the printf sink, which waits for the device while the ring is full, and in its sync form until the line is
// idle (panic).
//
// `uart.lock` guards the ring and the interrupt-enable register. A panicking hart goes without it: the holder
// may be stopped for good. Input needs no lock: the interrupt controller runs the handler on one hart at a
// time.
//
// Where to read next: console.c, the line discipline above.
#include "kernel/dev/uart.h"
#include "kernel/boot/machine.h"
#include "kernel/dev/dev.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/spinlock.h"
#include "kernel/vm/frame.h"

// Registers, a byte each. Some share an address: which one is meant depends on the direction.
#define RBR 0 // read: received character
#define THR 0 // write: character to transmit
#define IER 1 // interrupt enable
#define IIR 2 // read: interrupt identification
#define FCR 2 // write: FIFO control
#define LCR 3 // line control
#define MCR 4 // modem control
#define LSR 5 // line status

#define IER_ERBFI 0x01 // received data available
#define IER_ETBEI 0x02 // transmitter holding register empty
#define IIR_NONE  0x01 // no interrupt pending
#define FCR_FIFO  0x01 // enable both FIFOs, receive trigger at one character
#define LCR_8N1   0x03 // eight bits, one stop bit, no parity; divisor latch closed
#define MCR_READY 0x0b // DTR, RTS, and OUT2, which gates the interrupt line on PC-like boards
#define LSR_DR    0x01 // data ready
#define LSR_THRE  0x20 // transmit FIFO empty: takes UART_FIFO characters
#define LSR_TEMT  0x40 // and the shift register too: all is on the line

#define UART_FIFO 16
#define RING_SIZE 4096 // a power of two

// The one serial port. L = guarded by uart.lock, I = does not change once it is set.
static struct {
    struct spinlock lock;
    char ring[RING_SIZE];
    uint head;   // L next to transmit; head and tail count for ever, the ring's index is their remainder
    uint tail;   // L next free
    uchar ier;   // L what the interrupt-enable register holds: it is slow to read
    bool wanted; // L uart_try_write has failed: tell the client when there is room
    const struct uart_client *client; // I null until uart_attach: no interrupts, output goes out by polling
} uart = {.lock = SPINLOCK("uart")};

// A register, through the direct map.
static volatile uchar *uart_reg(int reg)
{
    return (volatile uchar *)pa2kva(machine.uart.base) + reg;
}

// Returns: whether the lock was taken, for uart_unlock.
static bool uart_lock(void)
{
    if (panicking)
        return false;
    spin_lock(&uart.lock);
    return true;
}

static void uart_unlock(bool locked)
{
    if (locked)
        spin_unlock(&uart.lock);
}

// Turns one kind of interrupt on or off. Turning it on raises it at once if its reason is there already.
// Locks: uart.lock.
static void ier_set(uchar bit, bool on)
{
    uchar ier = on ? uart.ier | bit : uart.ier & ~bit;
    if (ier != uart.ier) {
        uart.ier = ier;
        *uart_reg(IER) = ier;
    }
}

// Characters that wait. Right also when the counters have wrapped round.
// Locks: uart.lock.
static uint ring_used(void)
{
    return uart.tail - uart.head;
}

// Gives the device what it takes without waiting. A transmit interrupt calls again if the ring is not empty
// then. Locks: uart.lock.
static void tx_pump(void)
{
    while (ring_used() > 0 && (*uart_reg(LSR) & LSR_THRE)) {
        for (int i = 0; i < UART_FIFO && ring_used() > 0; i++)
            *uart_reg(THR) = (uchar)uart.ring[uart.head++ % RING_SIZE];
    }
    if (uart.client)
        ier_set(IER_ETBEI, ring_used() > 0 || uart.wanted);
}

// Waits, by polling, until at most `left` characters are in the ring.
// Locks: uart.lock.
static void tx_drain(uint left)
{
    while (ring_used() > left)
        tx_pump();
}

// Appends s[n] and sends what the device takes. Waits only if the ring is full.
// Locks: uart.lock.
static void ring_put(const char *s, uint64 n)
{
    for (uint64 i = 0; i < n; i++) {
        if (ring_used() == RING_SIZE)
            tx_drain(RING_SIZE - UART_FIFO);
        uart.ring[uart.tail++ % RING_SIZE] = s[i];
    }
    tx_pump();
}

// All or nothing, so that the characters of one call stay together and the caller knows what is left to do.
bool uart_try_write(const char *s, uint64 n)
{
    assert(n <= UART_ATOMIC, "console write larger than what stays together");
    bool locked = uart_lock();
    bool fits = n <= RING_SIZE - ring_used();
    if (fits)
        ring_put(s, n);
    else
        uart.wanted = true;
    uart_unlock(locked);
    return fits;
}

static void uart_sink(const char *s, uint64 n, bool sync);

// Before the machine ends, and after each message of a panic. Polls: interrupts may be off, here or for good.
void uart_flush(void)
{
    if (printf_sink != uart_sink) // not ours yet
        return;
    bool locked = uart_lock();
    tx_drain(0);
    while (!(*uart_reg(LSR) & LSR_TEMT))
        ;
    uart_unlock(locked);
}

// printf_sink. Waits for the device while the ring is full: nothing may be lost, and nothing may overtake.
static void uart_sink(const char *s, uint64 n, bool sync)
{
    bool locked = uart_lock();
    ring_put(s, n);
    uart_unlock(locked);
    if (sync)
        uart_flush();
}

// The client has no room: leaves the characters in the device, whose sender then waits. The interrupt goes
// off before ready() is asked again, so that room made in between is either seen here or followed by
// uart_resume. Returns: whether there is room after all.
static bool rx_throttle(void)
{
    bool locked = uart_lock();
    ier_set(IER_ERBFI, false);
    uart_unlock(locked);
    if (!uart.client->ready())
        return false;
    uart_resume();
    return true;
}

// Turning the interrupt on with characters in the device raises it: nothing is asked for twice.
void uart_resume(void)
{
    bool locked = uart_lock();
    ier_set(IER_ERBFI, true);
    uart_unlock(locked);
}

// Hands over what has come in.
// Locks: none, the client takes its own.
static void rx_drain(void)
{
    while (*uart_reg(LSR) & LSR_DR) {
        if (!uart.client->ready() && !rx_throttle())
            return;
        uart.client->input(*uart_reg(RBR));
    }
}

// Sends more. Half the ring is free before sleeping writers hear of it, or they would wake up for a few
// characters at a time.
static void tx_interrupt(void)
{
    bool locked = uart_lock();
    tx_pump();
    bool wake = uart.wanted && ring_used() <= RING_SIZE / 2;
    if (wake)
        uart.wanted = false;
    uart_unlock(locked);
    if (wake)
        uart.client->space();
}

// Runs until the device has nothing more to say, since the interrupt controller may see only a rising line.
// Reading IIR is what ends a transmit interrupt (data sheet, 8.6.3).
static void uart_interrupt(void *unused)
{
    (void)unused;
    while (!(*uart_reg(IIR) & IIR_NONE)) {
        rx_drain();
        tx_interrupt();
    }
}

// The firmware has set the line's speed. The FIFOs are not cleared: they may hold what was typed during boot.
void uart_init(void)
{
    *uart_reg(IER) = 0;
    *uart_reg(LCR) = LCR_8N1;
    *uart_reg(FCR) = FCR_FIFO;
    *uart_reg(MCR) = MCR_READY;
    printf_sink = uart_sink;
}

// From here on the interrupt controller is needed; before, output is all there is.
void uart_attach(const struct uart_client *client)
{
    uart.client = client;
    irq_register(machine.uart_irq, uart_interrupt, 0);
    plic_enable(machine.uart_irq);
    uart_resume();
}
