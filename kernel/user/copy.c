#include "kernel/user/copy.h"

#include "crypto/bytes.h"
#include "kernel/cpu/features.h"

/* copy_bytes.S: how many bytes could not be copied */
size_t copy_bytes(void *to, const void *from, size_t len, bool smap);
extern const uint8_t copy_access[], copy_access_end[];

static enum nonos_error copy(void *to, const void *from, size_t len, vaddr_t user)
{
    if (user > ADDRESS_USER_END || len > ADDRESS_USER_END - user)
        return NONOS_E_ADDRESS;
    return copy_bytes(to, from, len, features_get()->smap) == 0 ? NONOS_OK : NONOS_E_ADDRESS;
}

enum nonos_error copy_in(void *out, vaddr_t from, size_t len)
{
    enum nonos_error error = copy(out, (const void *)(uintptr_t)from, len, from);

    if (error != NONOS_OK)
        bytes_wipe(out, len);
    return error;
}

enum nonos_error copy_out(vaddr_t to, const void *bytes, size_t len)
{
    return copy((void *)(uintptr_t)to, bytes, len, to);
}

bool copy_survives(struct trap_frame *frame, vaddr_t address)
{
    if (frame->rip != (uintptr_t)copy_access || frame->vector == VECTOR_MACHINE_CHECK)
        return false;
    /* The kernel's own side of a copy is no program's fault. */
    if (frame->vector == VECTOR_PAGE_FAULT && address >= ADDRESS_USER_END)
        return false;
    frame->rip = (uintptr_t)copy_access_end;
    return true;
}
