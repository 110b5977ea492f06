// Serial port, as the console sees it. uart_init is in dev.h.
#ifndef KERNEL_DEV_UART_H
#define KERNEL_DEV_UART_H
#include <stdbool.h>
#include "kernel/types.h"

// Who takes the input. Called from the serial port's interrupt, on one hart at a time.
struct uart_client {
    bool (*ready)(void);  // there is room for one more character
    void (*input)(int c); // a character has come; only after ready()
    void (*space)(void);  // the transmit ring has room again, after uart_try_write has failed
};

void uart_attach(const struct uart_client *client); // starts input and interrupts
void uart_resume(void); // ready() may be true again; call without the lock that ready() takes

// Puts all of s[n] into the transmit ring, or nothing when it does not fit now. n is at most UART_ATOMIC.
bool uart_try_write(const char *s, uint64 n);
void uart_flush(void); // returns when every character is on the line; any context

#define UART_ATOMIC 256 // bytes that stay together

#endif
