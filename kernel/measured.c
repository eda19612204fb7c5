#include "kernel/measured.h"

#include "crypto/bytes.h"
#include "image/event_log.h"
#include "image/measurement.h"
#include "kernel/console.h"

#define TEXT_INDENT "         "

/* What the log tells of PCR 11. */
struct summary {
    unsigned event_count;
    bool is_capped; /* the last one is the separator of a boot that was handed over */
    bool is_malformed;
};

static bool is_separator(const struct event_log_event *event, enum measurement_end end)
{
    return event->type == MEASUREMENT_EV_SEPARATOR &&
           event->data_len == MEASUREMENT_SEPARATOR_LEN && load_le32(event->data) == (uint32_t)end;
}

static struct summary summarize(const uint8_t *bytes, size_t len)
{
    struct summary summary = {0};
    struct event_log log;
    struct event_log_event event;

    if (event_log_open(bytes, len, &log)) {
        while (event_log_next(&log, &event)) {
            if (!event_log_extends(&event, MEASUREMENT_PCR))
                continue;
            summary.event_count++;
            summary.is_capped = is_separator(&event, MEASUREMENT_END_JUMP);
        }
    }
    summary.is_malformed = log.is_malformed;
    return summary;
}

void measured_print_summary(const struct boot_info *info)
{
    struct summary summary;

    if ((info->handoff.flags & NONOS_HANDOFF_MEASURED) == 0) {
        console_printf("no TPM\n");
        return;
    }
    if (info->measurement_log == nullptr) {
        console_printf("PCR %u, the loader reports; no event log\n", MEASUREMENT_PCR);
        return;
    }
    summary = summarize(info->measurement_log, info->handoff.measurement_log_len);
    if (summary.is_malformed)
        console_printf("PCR %u, the loader reports; the event log is malformed\n", MEASUREMENT_PCR);
    else
        console_printf("PCR %u: %u events, %s\n", MEASUREMENT_PCR, summary.event_count,
                       summary.is_capped ? "capped" : "not capped");
}

static void print_hex(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        console_printf("%02x", bytes[i]);
    console_printf("\n");
}

/* No byte reaches the terminal that could make it do something. */
static char printable(uint8_t byte)
{
    if (byte < ' ' || byte > '~')
        return '?';
    return (char)byte;
}

/* Lines as they are, each indented. */
static void print_text(const uint8_t *bytes, size_t len)
{
    bool at_start = true;

    for (size_t i = 0; i < len; i++) {
        bool is_end = bytes[i] == '\n';

        if (at_start)
            console_printf(TEXT_INDENT);
        console_printf("%c", is_end ? '\n' : printable(bytes[i]));
        at_start = is_end;
    }
    if (!at_start)
        console_printf("\n");
}

static void print_event(const struct event_log_event *event)
{
    const struct event_log_digest *digest = event_log_find_digest(event, EVENT_LOG_SHA256);
    const char *name = event_log_type_name(event->type);

    if (name != nullptr)
        console_printf("  %3u  %-13s  ", event->pcr, name);
    else
        console_printf("  %3u  0x%-11x  ", event->pcr, event->type);
    if (digest == nullptr)
        console_printf("none\n");
    else
        print_hex(digest->bytes, digest->algorithm.digest_len);
    if (event->pcr != MEASUREMENT_PCR)
        return;
    if (event->type == MEASUREMENT_EV_IPL) {
        print_text(event->data, event->data_len);
    } else if (event->type == MEASUREMENT_EV_SEPARATOR) {
        console_printf(TEXT_INDENT);
        print_hex(event->data, event->data_len);
    }
}

void measured_print(const struct boot_info *info)
{
    struct event_log log;
    struct event_log_event event;
    unsigned count = 0;

    if (info->measurement_log == nullptr) {
        measured_print_summary(info);
        return;
    }
    console_printf("  PCR  event          SHA-256\n");
    if (event_log_open(info->measurement_log, info->handoff.measurement_log_len, &log)) {
        for (; event_log_next(&log, &event); count++)
            print_event(&event);
    }
    if (log.is_malformed)
        console_printf("  malformed from byte %zu on\n", log.at);
    console_printf("  %u events, as firmware logged them; a quote of the PCRs proves them\n",
                   count);
}
