#include "kernel/cpu/speculation.h"

#include "tests/support/vectors.h"

#define INTEL 0x756E6547u /* "Genu" */
#define AMD 0x68747541u
#define HYGON 0x6F677948u
#define CENTAUR 0x746E6543u

#define ISOLATE ((unsigned)SPECULATION_ISOLATE)
#define CLEAR ((unsigned)SPECULATION_CLEAR)
#define BARRIER ((unsigned)SPECULATION_BARRIER)

/* What processors say. Those of Intel: bits 10 MD_CLEAR, 26 IBRS and IBPB, 27 STIBP, 28 L1D_FLUSH,
 * 29 ARCH_CAPABILITIES, 31 SSBD. */
static const struct {
    const char *name;
    struct speculation_words words;
    unsigned work;
    unsigned lacks;
    uint32_t control;
    bool auto_ibrs;
} rows[] = {
    {"Sandy Bridge, microcode of 2011",
     {INTEL, 0x206A7, .structured = 0},
     ISOLATE,
     CLEAR | BARRIER,
     0,
     false},
    {"QEMU's Skylake-Server",
     {INTEL, 0x50654, .structured = 0},
     ISOLATE,
     CLEAR | BARRIER,
     0,
     false},
    {"Skylake, microcode of 2018",
     {INTEL, 0x506E3, .structured = 0x0C000000},
     ISOLATE | BARRIER,
     CLEAR,
     SPECULATION_STIBP,
     false},
    {"Skylake, microcode of 2019",
     {INTEL, 0x506E3, .structured = 0x9C002400},
     ISOLATE | CLEAR | BARRIER,
     0,
     SPECULATION_STIBP | SPECULATION_SSBD,
     false},
    {"Skylake, microcode of 2020: ARCH_CAPABILITIES with nothing but RSBA",
     {INTEL, 0x506E3, .structured = 0xBC002400, .capabilities = 0x4},
     ISOLATE | CLEAR | BARRIER,
     0,
     SPECULATION_STIBP | SPECULATION_SSBD,
     false},
    {"Cascade Lake: RDCL_NO, IBRS_ALL, MDS_NO, with TSX",
     {INTEL, 0x50657, .structured = 0xBC000400, .capabilities = 0xAB},
     CLEAR | BARRIER,
     0,
     SPECULATION_IBRS | SPECULATION_STIBP | SPECULATION_SSBD,
     false},
    {"Ice Lake: TAA_NO, FB_CLEAR",
     {INTEL, 0x606A6, .structured = 0xBC000400, .capabilities = 0x201EB},
     CLEAR | BARRIER,
     0,
     SPECULATION_IBRS | SPECULATION_STIBP | SPECULATION_SSBD,
     false},
    {"Alder Lake, a small core: RFDS_CLEAR, and no MD_CLEAR",
     {INTEL, 0x90672, .structured = 0xBC000000, .structured_2 = 0x14, .capabilities = 0x1000E16B},
     CLEAR | BARRIER,
     0,
     SPECULATION_IBRS | SPECULATION_STIBP | SPECULATION_SSBD | SPECULATION_RRSBA_DIS_S |
         SPECULATION_BHI_DIS_S,
     false},
    {"the same without what clears",
     {INTEL, 0x90672, .structured = 0xBC000000, .capabilities = 0xE16B},
     BARRIER,
     CLEAR,
     SPECULATION_IBRS | SPECULATION_STIBP | SPECULATION_SSBD,
     false},
    {"Sapphire Rapids: everything but BHI_NO, SSB_NO",
     {INTEL, 0x806F8, .structured = 0xBC000400, .structured_2 = 0x10, .capabilities = 0x800E16B},
     BARRIER,
     0,
     SPECULATION_IBRS | SPECULATION_STIBP | SPECULATION_SSBD | SPECULATION_BHI_DIS_S,
     false},
    {"one with SSB_NO as well",
     {INTEL, 0xA06D1, .structured = 0xBC000400, .capabilities = 0x800E17B},
     BARRIER,
     0,
     SPECULATION_IBRS | SPECULATION_STIBP,
     false},
    {"QEMU's EPYC", {AMD, 0x800F12, .extended_8 = 0}, 0, BARRIER, 0, false},
    {"Zen 1: IBPB", {AMD, 0x800F12, .extended_8 = 0x1000}, BARRIER, 0, 0, false},
    {"Zen 2: IBPB, IBRS, STIBP always on, IBRS preferred, SSBD",
     {AMD, 0x830F10, .extended_8 = 0x0106D000},
     BARRIER,
     0,
     SPECULATION_STIBP | SPECULATION_SSBD,
     false},
    {"Zen 3, as KVM shows it",
     {AMD, 0xA00F11, .extended_8 = 0x030ED000},
     CLEAR | BARRIER,
     0,
     SPECULATION_STIBP | SPECULATION_SSBD,
     false},
    {"Zen 3 with IBRS always on",
     {AMD, 0xA00F11, .extended_8 = 0x010FD000},
     CLEAR | BARRIER,
     0,
     SPECULATION_IBRS | SPECULATION_STIBP | SPECULATION_SSBD,
     false},
    {"Zen 4: automatic IBRS, which takes the place of the register's",
     {AMD, 0xA10F11, .extended_8 = 0x010FD000, .extended_21 = 0x100},
     CLEAR | BARRIER,
     0,
     SPECULATION_STIBP | SPECULATION_SSBD,
     true},
    {"Zen 4, TSA_SQ_NO and TSA_L1_NO",
     {AMD, 0xA10F11, .extended_8 = 0x1000, .extended_21_ecx = 6},
     BARRIER,
     0,
     0,
     false},
    {"one of the two is not enough",
     {AMD, 0xA10F11, .extended_8 = 0x1000, .extended_21_ecx = 2},
     CLEAR | BARRIER,
     0,
     0,
     false},
    {"another family, whose hypervisor says VERW_CLEAR",
     {AMD, 0xB00F21, .extended_8 = 0x1000, .extended_21 = 0x20},
     CLEAR | BARRIER,
     0,
     0,
     false},
    {"Zen 5: SSB_NO",
     {AMD, 0xB00F21, .extended_8 = 0x05009000, .extended_21_ecx = 6},
     BARRIER,
     0,
     SPECULATION_STIBP,
     false},
    {"Hygon, which has Zen 1", {HYGON, 0x900F01, .extended_8 = 0x1000}, BARRIER, 0, 0, false},
    {"a maker that is not known",
     {CENTAUR, 0x6FE, .structured = 0},
     ISOLATE,
     CLEAR | BARRIER,
     0,
     false},
    {"a maker that is not known and says it all",
     {CENTAUR, 0x6FE, .structured = 0x04000000, .capabilities = 0x800E121},
     BARRIER,
     0,
     0,
     false},
};

static void test_each_processor_gets_what_it_needs([[maybe_unused]] void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct speculation decided = speculation_decide(&rows[i].words);

        if (decided.work != rows[i].work || decided.lacks != rows[i].lacks ||
            decided.control != rows[i].control || decided.auto_ibrs != rows[i].auto_ibrs)
            fail_msg("%s: work %u, lacks %u, control 0x%x, automatic IBRS %d", rows[i].name,
                     decided.work, decided.lacks, decided.control, decided.auto_ibrs);
    }
}

/* Each bit that says "not affected" has to be there: one that is missing is a leak. */
static void test_no_bit_but_all_of_them_says_that_nothing_is_left([[maybe_unused]] void **state)
{
    static const unsigned clean[] = {5, 8, 13, 14, 15, 27};
    struct speculation_words words = {
        .vendor = INTEL, .structured = 0x400, .capabilities = 0x800E121};

    assert_int_equal(speculation_decide(&words).work, 0);
    for (size_t i = 0; i < sizeof clean / sizeof *clean; i++) {
        words.capabilities ^= UINT64_C(1) << clean[i];
        assert_int_equal(speculation_decide(&words).work, CLEAR);
        words.capabilities ^= UINT64_C(1) << clean[i];
    }
    words.capabilities ^= 1;
    assert_int_equal(speculation_decide(&words).work, ISOLATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_processor_gets_what_it_needs),
        cmocka_unit_test(test_no_bit_but_all_of_them_says_that_nothing_is_left),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
