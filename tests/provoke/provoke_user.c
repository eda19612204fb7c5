#include "tests/provoke/provoke_user.h"

#include "image/text.h"
#include "kernel/console.h"
#include "kernel/cpu/control.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/gdt.h"
#include "kernel/image.h"
#include "kernel/mem/frames.h"
#include "kernel/mem/mapping.h"
#include "kernel/mem/roots.h"
#include "kernel/panic.h"
#include "tests/provoke/provoke_touch.h"

#include <string.h>

#define CODE_VADDR UINT64_C(0x400000)
#define DATA_VADDR (CODE_VADDR + PAGE_LEN)
#define FLAGS UINT64_C(2) /* none but the one that is always set */

/* user_programs.S */
struct program {
    char name[20];
    uint8_t by_umip;
    uint8_t code[11];
};
static_assert(sizeof(struct program) == 32);
extern const struct program user_programs[], user_programs_end[];

static const struct {
    const char *name;
    uint64_t address;
    enum provoke_access access;
} accesses[] = {
    {"smap-read", DATA_VADDR, PROVOKE_READ},
    {"smap-write", DATA_VADDR, PROVOKE_WRITE},
    {"smep", CODE_VADDR, PROVOKE_EXECUTE},
};
#define ACCESS_COUNT (sizeof accesses / sizeof accesses[0])

static void map_page(vaddr_t vaddr, const void *bytes, size_t len, unsigned flags)
{
    paddr_t root = control_read_cr3() & ~PAGE_MASK;
    paddr_t paddr = frames_allocate(0);

    if (paddr == 0 || mapping_add(root, vaddr, paddr, PAGE_LEN, flags | MAPPING_USER) != NONOS_OK)
        panic("provoke: no memory");
    roots_follow(root, vaddr);
    memcpy(direct_map_at(paddr), bytes, len);
}

static void map_pages(const uint8_t *code, size_t len)
{
    map_page(CODE_VADDR, code, len, MAPPING_EXECUTE);
    map_page(DATA_VADDR, code, 0, MAPPING_WRITE);
}

/* What the processor saves when ring 3 ends goes over this function's locals: it never returns. rbp
 * stays, so that the backtrace tells who went there. */
[[noreturn]] static void enter(void)
{
    cpu_set_stack(cpu_current(), (uintptr_t)__builtin_frame_address(0));
    __asm__ volatile("cli\n\t"
                     "swapgs\n\t"
                     "pushq %[ss]\n\t"
                     "pushq %[top]\n\t"
                     "pushq %[flags]\n\t"
                     "pushq %[cs]\n\t"
                     "pushq %[code]\n\t"
                     "iretq"
                     :
                     : [ss] "i"(GDT_USER_DATA), [top] "r"(DATA_VADDR + PAGE_LEN),
                       [flags] "i"(FLAGS), [cs] "i"(GDT_USER_CODE), [code] "r"(CODE_VADDR),
                       "a"(DATA_VADDR), "c"(kernel_text_start), "d"(kernel_data_start)
                     : "memory");
    __builtin_unreachable();
}

/* Without the protection nothing would happen, or the wrong thing: that is no proof of anything. */
static bool is_there(bool present, const char *feature)
{
    if (!present)
        console_printf("panic: the processor has no %s\n", feature);
    return present;
}

static bool has_protection(enum provoke_access access)
{
    const struct cpu_features *features = features_get();

    return access == PROVOKE_EXECUTE ? is_there(features->smep, "SMEP")
                                     : is_there(features->smap, "SMAP");
}

bool provoke_user_fault(const char *name)
{
    static const uint8_t code[] = {0xC3}; /* ret */

    for (size_t i = 0; i < ACCESS_COUNT; i++) {
        if (!text_is(name, strlen(name), accesses[i].name))
            continue;
        if (!has_protection(accesses[i].access))
            return true;
        map_pages(code, sizeof code);
        provoke_touch(accesses[i].access, accesses[i].address);
        panic("nothing stopped '%s': a protection is missing", name);
    }
    for (const struct program *program = user_programs; program < user_programs_end; program++) {
        if (!text_is(name, strlen(name), program->name))
            continue;
        if (program->by_umip && !is_there(features_get()->umip, "UMIP"))
            return true;
        map_pages(program->code, sizeof program->code);
        enter();
    }
    return false;
}

void provoke_user_list(void)
{
    for (size_t i = 0; i < ACCESS_COUNT; i++)
        console_printf("  %s\n", accesses[i].name);
    for (const struct program *program = user_programs; program < user_programs_end; program++)
        console_printf("  %s\n", program->name);
}
