/*
 * campaign.h - many cases in few processes: runs them, counts the answers, shows how far it is.
 */
#ifndef NONOS_TESTS_TAMPER_CAMPAIGN_H
#define NONOS_TESTS_TAMPER_CAMPAIGN_H

#include "abi/error.h"

#include <stddef.h>
#include <stdint.h>

#define CAMPAIGN_CODES 128u /* codes are 1 to 125; NONOS_OK is 0 */

/* What the verifier answered, and whether it may. */
struct answer {
    enum nonos_error code;
    bool is_right;
};

/* Case index of a campaign; the same answer each time. Describes itself into text when it is
 * wrong. Runs in a process of its own, so it may change what memory it likes. */
typedef struct answer campaign_case(size_t index, char *text, size_t text_size);

struct campaign {
    const char *title;
    campaign_case *run;
    size_t count;  /* cases: 0 to count - 1 */
    size_t stride; /* only each stride-th, from 0; 1 for all */
};

struct tally {
    uint64_t tried;
    uint64_t wrong;
    uint64_t by_code[CAMPAIGN_CODES];
};

/* Runs the cases in as many processes as there are processors and prints a line of counts. False
 * where a case is wrong, a process died, or not every case was run. */
[[nodiscard]] bool campaign_run(const struct campaign *campaign, struct tally *tally);

/* Prints what went wrong and ends the process with status 2. */
[[noreturn]] void campaign_stop(const char *why);

#define campaign_require(condition)                                                                \
    do {                                                                                           \
        if (!(condition))                                                                          \
            campaign_stop(#condition);                                                             \
    } while (0)

#endif
