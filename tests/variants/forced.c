/*
 * forced.c - in place of kernel/cpu/speculation.c: whatever the processor says, all is to be done.
 * To set a register that the processor has not is ignored by QEMU.
 */
#include "kernel/cpu/speculation.h"

struct speculation speculation_decide([[maybe_unused]] const struct speculation_words *words)
{
    return (struct speculation){.work =
                                    SPECULATION_ISOLATE | SPECULATION_CLEAR | SPECULATION_BARRIER,
                                .control = SPECULATION_IBRS | SPECULATION_STIBP | SPECULATION_SSBD};
}
