#include "kernel/cpu/speculation.h"

#define VENDOR_AMD 0x68747541u   /* "Auth" */
#define VENDOR_HYGON 0x6F677948u /* "Hygo" */
#define FAMILY_ZEN_3_AND_4 0x19u

#define STRUCTURED_MD_CLEAR (1u << 10)
#define STRUCTURED_IBRS_IBPB (1u << 26)
#define STRUCTURED_STIBP (1u << 27)
#define STRUCTURED_SSBD (1u << 31)
#define STRUCTURED_2_RRSBA_CTRL (1u << 2)
#define STRUCTURED_2_BHI_CTRL (1u << 4)

#define EXTENDED_8_IBPB (1u << 12)
#define EXTENDED_8_IBRS (1u << 14)
#define EXTENDED_8_STIBP (1u << 15)
#define EXTENDED_8_IBRS_ALWAYS_ON (1u << 16)
#define EXTENDED_8_SSBD (1u << 24)
#define EXTENDED_8_SSB_NO (1u << 26)
#define EXTENDED_21_VERW_CLEAR (1u << 5)
#define EXTENDED_21_AUTO_IBRS (1u << 8)
#define EXTENDED_21_TSA_NO (1u << 1 | 1u << 2) /* ecx: TSA_SQ_NO, TSA_L1_NO */

#define CAPABILITY_RDCL_NO (1u << 0)
#define CAPABILITY_IBRS_ALL (1u << 1)
#define CAPABILITY_SSB_NO (1u << 4)
/* MDS_NO, TAA_NO, SBDR_SSDP_NO, FBSDP_NO, PSDP_NO, RFDS_NO */
#define CAPABILITIES_CLEAN (1u << 5 | 1u << 8 | 7u << 13 | 1u << 27)
#define CAPABILITIES_CLEAR (1u << 17 | 1u << 28) /* FB_CLEAR, RFDS_CLEAR */

static bool has(uint64_t word, uint64_t bits)
{
    return (word & bits) == bits;
}

static uint32_t control_of(const struct speculation_words *w, bool auto_ibrs)
{
    uint32_t control = 0;

    if (has(w->capabilities, CAPABILITY_IBRS_ALL) ||
        (has(w->extended_8, EXTENDED_8_IBRS | EXTENDED_8_IBRS_ALWAYS_ON) && !auto_ibrs))
        control |= SPECULATION_IBRS;
    if (has(w->structured, STRUCTURED_STIBP) || has(w->extended_8, EXTENDED_8_STIBP))
        control |= SPECULATION_STIBP;
    if ((has(w->structured, STRUCTURED_SSBD) && !has(w->capabilities, CAPABILITY_SSB_NO)) ||
        (w->extended_8 & (EXTENDED_8_SSBD | EXTENDED_8_SSB_NO)) == EXTENDED_8_SSBD)
        control |= SPECULATION_SSBD;
    if (has(w->structured_2, STRUCTURED_2_RRSBA_CTRL))
        control |= SPECULATION_RRSBA_DIS_S;
    if (has(w->structured_2, STRUCTURED_2_BHI_CTRL))
        control |= SPECULATION_BHI_DIS_S;
    return control;
}

struct speculation speculation_decide(const struct speculation_words *w)
{
    bool amd = w->vendor == VENDOR_AMD || w->vendor == VENDOR_HYGON;
    uint32_t family = (w->signature >> 8 & 0xF) + (w->signature >> 20 & 0xFF);
    struct speculation decided = {.auto_ibrs = has(w->extended_21, EXTENDED_21_AUTO_IBRS)};
    bool leaks;
    bool clears;

    if (amd) {
        /* Only hypervisors say that VERW clears; the family alone is known to need it. */
        clears = true;
        leaks = (family == FAMILY_ZEN_3_AND_4 || has(w->extended_21, EXTENDED_21_VERW_CLEAR)) &&
                !has(w->extended_21_ecx, EXTENDED_21_TSA_NO);
    } else {
        clears =
            has(w->structured, STRUCTURED_MD_CLEAR) || (w->capabilities & CAPABILITIES_CLEAR) != 0;
        leaks = !has(w->capabilities, CAPABILITIES_CLEAN);
        if (!has(w->capabilities, CAPABILITY_RDCL_NO))
            decided.work = SPECULATION_ISOLATE;
    }
    if (leaks)
        *(clears ? &decided.work : &decided.lacks) |= SPECULATION_CLEAR;
    if (has(w->structured, STRUCTURED_IBRS_IBPB) || has(w->extended_8, EXTENDED_8_IBPB))
        decided.work |= SPECULATION_BARRIER;
    else
        decided.lacks |= SPECULATION_BARRIER;
    decided.control = control_of(w, decided.auto_ibrs);
    return decided;
}
