#include "tests/guest/attack.h"

#include "abi/syscalls.h"
#include "kernel/cpu/gdt.h"
#include "kernel/cpu/interrupt_flag.h"
#include "kernel/image.h"
#include "tests/guest/process.h"

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define PIECE_MAX_LEN 32u

/* What a program may set by itself: CF PF AF ZF SF TF DF OF NT RF AC ID. */
#define FLAGS_ALLOWED UINT64_C(0x254DD5)
#define FLAGS_ALWAYS (UINT64_C(2) | RFLAGS_IF)

/* What a program has no business with, or what is rare enough to be got wrong. The bytes that
 * follow are the operands. */
static const struct {
    uint8_t len;
    uint8_t bytes[7];
} instructions[] = {
    {2, {0x0F, 0x05}},                               /* syscall */
    {2, {0x0F, 0x34}},                               /* sysenter */
    {2, {0x0F, 0x35}},                               /* sysexit */
    {3, {0x48, 0x0F, 0x07}},                         /* sysretq */
    {2, {0x48, 0xCF}},                               /* iretq */
    {2, {0x0F, 0x30}},                               /* wrmsr */
    {2, {0x0F, 0x32}},                               /* rdmsr */
    {2, {0x0F, 0x31}},                               /* rdtsc */
    {3, {0x0F, 0x01, 0xF9}},                         /* rdtscp */
    {3, {0x0F, 0x01, 0xF8}},                         /* swapgs */
    {2, {0x0F, 0x06}},                               /* clts */
    {2, {0x0F, 0x08}},                               /* invd */
    {2, {0x0F, 0x09}},                               /* wbinvd */
    {3, {0x0F, 0x22, 0xD8}},                         /* mov %rax, %cr3 */
    {3, {0x0F, 0x22, 0xE0}},                         /* mov %rax, %cr4 */
    {3, {0x0F, 0x20, 0xC0}},                         /* mov %cr0, %rax */
    {3, {0x0F, 0x23, 0xF8}},                         /* mov %rax, %db7 */
    {3, {0x0F, 0x01, 0x10}},                         /* lgdt (%rax) */
    {3, {0x0F, 0x01, 0x18}},                         /* lidt (%rax) */
    {3, {0x0F, 0x01, 0x00}},                         /* sgdt (%rax) */
    {3, {0x0F, 0x01, 0x38}},                         /* invlpg (%rax) */
    {3, {0x0F, 0x00, 0xD8}},                         /* ltr %ax */
    {3, {0x0F, 0x00, 0xD0}},                         /* lldt %ax */
    {3, {0x0F, 0x00, 0xC0}},                         /* sldt %eax */
    {1, {0xF4}},                                     /* hlt */
    {1, {0xFA}},                                     /* cli */
    {1, {0xFB}},                                     /* sti */
    {1, {0xEC}},                                     /* in */
    {1, {0xEE}},                                     /* out */
    {2, {0x66, 0xEF}},                               /* outw */
    {1, {0x9D}},                                     /* popf */
    {1, {0x9C}},                                     /* pushf */
    {2, {0x8E, 0xD0}},                               /* mov %eax, %ss */
    {2, {0x8E, 0xD8}},                               /* mov %eax, %ds */
    {2, {0x8E, 0xE0}},                               /* mov %eax, %fs */
    {2, {0x8E, 0xE8}},                               /* mov %eax, %gs */
    {5, {0xF3, 0x48, 0x0F, 0xAE, 0xD8}},             /* wrgsbase %rax */
    {5, {0xF3, 0x48, 0x0F, 0xAE, 0xC8}},             /* rdgsbase %rax */
    {2, {0x0F, 0xB5}},                               /* lgs */
    {1, {0xCB}},                                     /* far return */
    {2, {0x48, 0xCB}},                               /* far return, 64 bits */
    {2, {0xFF, 0x28}},                               /* far jump (%rax) */
    {2, {0xFF, 0x18}},                               /* far call (%rax) */
    {2, {0xFF, 0xE0}},                               /* jmp *%rax */
    {2, {0xFF, 0xD3}},                               /* call *%rbx */
    {1, {0xC3}},                                     /* ret */
    {2, {0x48, 0x94}},                               /* xchg %rax, %rsp */
    {1, {0xCD}},                                     /* int n */
    {2, {0xCD, 0x02}},                               /* int 2, which is the NMI's */
    {2, {0xCD, 0x08}},                               /* int 8, which is the double fault's */
    {2, {0xCD, 0x0E}},                               /* int 14 */
    {2, {0xCD, 0x80}},                               /* int 128 */
    {1, {0xCC}},                                     /* int3 */
    {1, {0xF1}},                                     /* int1 */
    {2, {0x0F, 0x0B}},                               /* ud2 */
    {3, {0x48, 0xF7, 0xF0}},                         /* div %rax */
    {2, {0xDB, 0xE3}},                               /* fninit */
    {2, {0xDD, 0x20}},                               /* frstor (%rax) */
    {3, {0x0F, 0x28, 0x00}},                         /* movaps (%rax), %xmm0 */
    {3, {0x0F, 0xAE, 0x10}},                         /* ldmxcsr (%rax) */
    {3, {0x0F, 0xAE, 0x08}},                         /* fxrstor (%rax) */
    {3, {0x0F, 0xAE, 0x28}},                         /* xrstor (%rax) */
    {3, {0x0F, 0xAE, 0x20}},                         /* xsave (%rax) */
    {3, {0x0F, 0x01, 0xD1}},                         /* xsetbv */
    {3, {0x0F, 0x01, 0xD0}},                         /* xgetbv */
    {3, {0x0F, 0x01, 0xCB}},                         /* stac */
    {3, {0x0F, 0x01, 0xCA}},                         /* clac */
    {3, {0x0F, 0x01, 0xC1}},                         /* vmcall */
    {3, {0x0F, 0x01, 0xD9}},                         /* vmmcall */
    {3, {0x0F, 0x01, 0xC8}},                         /* monitor */
    {3, {0x0F, 0x01, 0xC9}},                         /* mwait */
    {3, {0x0F, 0x01, 0xEF}},                         /* wrpkru */
    {3, {0x0F, 0xAE, 0x38}},                         /* clflush (%rax) */
    {3, {0xF0, 0x0F, 0xC7}},                         /* lock cmpxchg8b, of a register too */
    {2, {0xF3, 0xA4}},                               /* rep movsb */
    {3, {0xF3, 0x48, 0xAB}},                         /* rep stosq */
    {2, {0xF3, 0x6C}},                               /* rep insb */
    {1, {0xFD}},                                     /* std */
    {2, {0xEB, 0xFE}},                               /* for ever */
    {7, {0xC7, 0x04, 0x24, 0xFF, 0xFF, 0xFF, 0xFF}}, /* movl $-1, (%rsp) */
};

uint64_t attack_make_word(struct guest_random *random)
{
    static const uint64_t edges[] = {
        0,
        PAGE_LEN,
        GUEST_CODE_VADDR,
        GUEST_CODE_VADDR + PAGE_LEN,
        GUEST_DATA_VADDR,
        GUEST_DATA_VADDR + GUEST_DATA_LEN,
        GUEST_STACK_TOP - GUEST_STACK_LEN,
        GUEST_STACK_TOP,
        UINT64_C(0x100000000000), /* where the kernel maps what it is asked for */
        ADDRESS_USER_END,
        ADDRESS_USER_END - PAGE_LEN,
        UINT64_C(0xFFFF800000000000),
        ADDRESS_DIRECT_MAP + UINT64_C(0x100000),
        ADDRESS_FIRMWARE,
        ADDRESS_FIRMWARE + UINT64_C(0xFEE00000),
        ADDRESS_STACKS + PAGE_LEN,
        ADDRESS_THREAD_STACKS + PAGE_LEN,
        ADDRESS_SCREEN,
        UINT64_C(1) << 31,
        UINT64_C(1) << 32,
        UINT64_C(1) << 63,
    };
    uint64_t shape = guest_random_below(random, 8);
    uint64_t near = guest_random_below(random, 32) - 16;

    if (shape == 0)
        return guest_random_next(random);
    if (shape == 1)
        return guest_random_below(random, 64);
    if (shape == 2)
        return UINT64_C(1) << guest_random_below(random, 64);
    if (shape == 3)
        return image_start() + guest_random_below(random, image_len());
    if (shape == 4)
        return GUEST_DATA_VADDR + guest_random_below(random, GUEST_DATA_LEN);
    return edges[guest_random_below(random, COUNT_OF(edges))] + (shape == 5 ? 0 : near);
}

static size_t put_word(uint8_t *out, uint8_t prefix, uint8_t opcode, uint64_t word)
{
    out[0] = prefix;
    out[1] = opcode;
    memcpy(out + 2, &word, sizeof word);
    return 2 + sizeof word;
}

/* mov $number, %eax; syscall. The end of the thread is one call of many. */
static size_t put_call(struct guest_random *random, uint8_t *out)
{
    uint32_t number = (uint32_t)guest_random_below(random, NONOS_SYSCALL_COUNT + 2);

    if (number == NONOS_SYSCALL_thread_exit && guest_random_below(random, 16) != 0)
        number = NONOS_SYSCALL_yield;
    out[0] = 0xB8;
    memcpy(out + 1, &number, sizeof number);
    out[5] = 0x0F;
    out[6] = 0x05;
    return 7;
}

/* Something up to PIECE_MAX_LEN bytes long. */
static size_t put_piece(struct guest_random *random, uint8_t *out)
{
    uint64_t shape = guest_random_below(random, 16);
    size_t len = 1 + guest_random_below(random, 15);
    size_t chosen;

    if (shape < 4)
        return put_call(random, out);
    if (shape < 6) /* mov $word, %rdi; and %rsi */
        return put_word(out, 0x48, shape == 4 ? 0xBF : 0xBE, attack_make_word(random));
    if (shape == 6) /* mov $word, %r10 or another of the upper eight */
        return put_word(out, 0x49, (uint8_t)(0xB8 + guest_random_below(random, 8)),
                        attack_make_word(random));
    if (shape < 10) {
        chosen = guest_random_below(random, COUNT_OF(instructions));
        memcpy(out, instructions[chosen].bytes, instructions[chosen].len);
        return instructions[chosen].len;
    }
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)guest_random_next(random);
    return len;
}

void attack_make_code(struct guest_random *random, uint8_t *code, size_t len)
{
    /* One in four is nothing but chance. */
    bool blind = guest_random_below(random, 4) == 0;
    size_t at = 0;

    while (at < len) {
        uint8_t piece[PIECE_MAX_LEN];
        size_t piece_len = blind ? 8 : put_piece(random, piece);

        for (size_t i = 0; blind && i < piece_len; i++)
            piece[i] = (uint8_t)guest_random_next(random);
        if (piece_len > len - at)
            piece_len = len - at;
        memcpy(code + at, piece, piece_len);
        at += piece_len;
    }
}

void attack_make_registers(struct guest_random *random, struct trap_frame *frame, uint64_t vaddr,
                           size_t len)
{
    uint64_t *words = &frame->r15;

    for (size_t i = 0; i < offsetof(struct trap_frame, vector) / sizeof *words; i++)
        words[i] = attack_make_word(random);
    frame->rip = vaddr;
    switch (guest_random_below(random, 16)) {
    case 0:
        /* Not one that IRET itself would refuse: it is the program that has to try those. */
        frame->rip = attack_make_word(random) & (ADDRESS_USER_END - 1);
        break;
    case 1:
        frame->rip += guest_random_below(random, len);
        break;
    default:
        break;
    }
    frame->cs = GDT_USER_CODE;
    frame->ss = GDT_USER_DATA;
    frame->rsp = guest_random_below(random, 4) == 0 ? attack_make_word(random)
                                                    : GUEST_STACK_TOP - GUEST_STACK_LEN / 2;
    frame->rflags = FLAGS_ALWAYS;
    if (guest_random_below(random, 4) == 0)
        frame->rflags |= guest_random_next(random) & FLAGS_ALLOWED;
}
