/* A program that has secrets in its registers and its memory while it is interrupted, and ends with
 * them there. Its argument: the first seed (tests/guest/secrets.h), or that plus SECRET_FAULTS. */
#include "tests/guest/secrets.h"

#include "tests/guest/programs/call.h"

#define DATA_VADDR UINT64_C(0x600000)
#define PAGE_LEN 4096u
#define SPINS UINT64_C(30000000)
#define OSXSAVE_AND_AVX (3u << 27) /* CPUID 1, ecx */
#define AVX_WORDS 32u

static void fill(volatile uint64_t *words, size_t count, uint64_t seed)
{
    struct secret_words from = {seed};

    for (size_t i = 0; i < count; i++)
        words[i] = secret_next(&from);
}

static bool has_avx(void)
{
    uint32_t a = 1;
    uint32_t c = 0;

    __asm__ volatile("cpuid" : "+a"(a), "+c"(c) : : "rbx", "rdx");
    return (c & OSXSAVE_AND_AVX) == OSXSAVE_AND_AVX;
}

/* Everything into registers, nothing left in memory; then a call, by which somebody sees that it
 * has come so far, a while in which it is interrupted, and the end. */
[[noreturn]] static void hold(const uint64_t *general, const uint64_t *extended, bool avx,
                              bool fault)
{
    if (avx)
        __asm__ volatile("vmovdqu (%0), %%ymm0\n\tvmovdqu 32(%0), %%ymm1\n\t"
                         "vmovdqu 64(%0), %%ymm2\n\tvmovdqu 96(%0), %%ymm3\n\t"
                         "vmovdqu 128(%0), %%ymm4\n\tvmovdqu 160(%0), %%ymm5\n\t"
                         "vmovdqu 192(%0), %%ymm6\n\tvmovdqu 224(%0), %%ymm7"
                         :
                         : "r"(extended)
                         : "memory");
    else
        __asm__ volatile("movdqu (%0), %%xmm0\n\tmovdqu 16(%0), %%xmm1\n\t"
                         "movdqu 32(%0), %%xmm2\n\tmovdqu 48(%0), %%xmm3\n\t"
                         "movdqu 64(%0), %%xmm4\n\tmovdqu 80(%0), %%xmm5\n\t"
                         "movdqu 96(%0), %%xmm6\n\tmovdqu 112(%0), %%xmm7"
                         :
                         : "r"(extended)
                         : "memory");
    __asm__ volatile("movq %%rax, %%r8\n\t"
                     "movq (%%rsi), %%rbx\n\t"
                     "movq 8(%%rsi), %%r12\n\t"
                     "movq 16(%%rsi), %%r13\n\t"
                     "movq 24(%%rsi), %%r14\n\t"
                     "movq 32(%%rsi), %%r15\n\t"
                     "movq %%rdx, %%rbp\n\t"
                     "movq %%rsi, %%rdi\n\t"
                     "movl %[general_count], %%ecx\n\t"
                     "xorl %%eax, %%eax\n\t"
                     "rep stosq\n\t"
                     "movq %%r8, %%rdi\n\t"
                     "movl %[extended_count], %%ecx\n\t"
                     "rep stosq\n\t"
                     "movl %[clock_read], %%eax\n\t"
                     "syscall\n\t"
                     "movq %[spins], %%rcx\n"
                     "1:\n\t"
                     "decq %%rcx\n\t"
                     "jnz 1b\n\t"
                     "testl %%ebp, %%ebp\n\t"
                     "jnz 2f\n\t"
                     "xorl %%eax, %%eax\n\t"
                     "xorl %%edi, %%edi\n\t"
                     "syscall\n"
                     "2:\n\t"
                     "ud2"
                     :
                     : "S"(general), "a"(extended), "d"((uint64_t)fault),
                       [general_count] "i"(SECRET_GENERAL_WORDS), [extended_count] "i"(AVX_WORDS),
                       [clock_read] "i"(NONOS_SYSCALL_clock_read), [spins] "i"(SPINS)
                     : "memory");
    __builtin_unreachable();
}

uint64_t program_main(uint64_t argument)
{
    uint64_t seed = argument & ~SECRET_FAULTS;
    volatile uint64_t general[SECRET_GENERAL_WORDS];
    volatile uint64_t extended[AVX_WORDS];
    struct call_result mapped =
        call(NONOS_SYSCALL_memory_map, PAGE_LEN, NONOS_MAP_READ | NONOS_MAP_WRITE);

    fill(general, SECRET_GENERAL_WORDS, seed + SECRET_GENERAL);
    fill(extended, AVX_WORDS, seed + SECRET_EXTENDED);
    fill((volatile uint64_t *)DATA_VADDR, SECRET_WORDS, seed + SECRET_MEMORY);
    if (mapped.error != NONOS_OK)
        return 1;
    fill((volatile uint64_t *)mapped.value, SECRET_WORDS, seed + SECRET_MAPPED);
    hold((const uint64_t *)(uintptr_t)general, (const uint64_t *)(uintptr_t)extended, has_avx(),
         (argument & SECRET_FAULTS) != 0);
}
