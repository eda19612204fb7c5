#include "image/event_log.h"

#include "crypto/bytes.h"

#include <string.h>

#define SHA1_LEN 20u
#define SIGNATURE "Spec ID Event03" /* with its NUL */

/* TCG_EfiSpecIDEvent before its algorithms, whose count comes last. */
#define SPEC_ID_LEN 28u
#define SPEC_ID_COUNT_AT 24u
#define ALGORITHM_LEN 4u

#define UEFI_TYPES 0x80000000u /* EV_EFI_EVENT_BASE */

static uint16_t load_le16(const uint8_t b[2])
{
    return (uint16_t)(b[0] | b[1] << 8);
}

/* Steps over len bytes; null when there are fewer. */
static const uint8_t *take(struct event_log *log, size_t len)
{
    if (len > log->len - log->at)
        return nullptr;
    const uint8_t *bytes = log->bytes + log->at;
    log->at += len;
    return bytes;
}

static bool take_number(struct event_log *log, uint32_t *number)
{
    const uint8_t *bytes = take(log, sizeof(*number));
    *number = bytes != nullptr ? load_le32(bytes) : 0;
    return bytes != nullptr;
}

static const struct event_log_algorithm *find_algorithm(const struct event_log *log, uint16_t id)
{
    for (size_t i = 0; i < log->algorithm_count; i++) {
        if (log->algorithms[i].id == id)
            return &log->algorithms[i];
    }
    return nullptr;
}

/* The header's data: which algorithms there are, and how long their digests. */
static bool read_spec_id(struct event_log *log)
{
    const uint8_t *head = take(log, SPEC_ID_LEN);
    if (head == nullptr || memcmp(head, SIGNATURE, sizeof(SIGNATURE)) != 0)
        return false;
    uint32_t count = load_le32(head + SPEC_ID_COUNT_AT);
    if (count == 0 || count > EVENT_LOG_MAX_ALGORITHMS)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *bytes = take(log, ALGORITHM_LEN);
        if (bytes == nullptr)
            return false;
        struct event_log_algorithm algorithm = {load_le16(bytes), load_le16(bytes + 2)};
        if (algorithm.digest_len == 0 || algorithm.digest_len > EVENT_LOG_MAX_DIGEST_LEN ||
            find_algorithm(log, algorithm.id) != nullptr)
            return false;
        log->algorithms[log->algorithm_count++] = algorithm;
    }
    const uint8_t *vendor_len = take(log, 1);
    return vendor_len != nullptr && take(log, *vendor_len) != nullptr && log->at == log->len;
}

/* The header is an event in the older format: with one SHA-1 digest, of zeroes. */
static bool read_header(struct event_log *log)
{
    uint32_t pcr, type, data_len;
    if (!take_number(log, &pcr) || !take_number(log, &type) || type != EVENT_LOG_EV_NO_ACTION ||
        take(log, SHA1_LEN) == nullptr || !take_number(log, &data_len))
        return false;
    size_t all_len = log->len;
    if (data_len > all_len - log->at)
        return false;
    log->len = log->at + data_len;
    bool is_valid = read_spec_id(log);
    log->len = all_len;
    return is_valid;
}

bool event_log_open(const uint8_t *bytes, size_t len, struct event_log *log)
{
    *log = (struct event_log){.bytes = bytes, .len = len};
    if (read_header(log))
        return true;
    *log = (struct event_log){.bytes = bytes, .len = len, .is_malformed = true};
    return false;
}

static bool read_digests(struct event_log *log, struct event_log_event *event)
{
    uint32_t count;
    if (!take_number(log, &count) || count > log->algorithm_count)
        return false;
    while (event->digest_count < count) {
        const uint8_t *id = take(log, sizeof(uint16_t));
        if (id == nullptr)
            return false;
        const struct event_log_algorithm *algorithm = find_algorithm(log, load_le16(id));
        if (algorithm == nullptr || event_log_find_digest(event, algorithm->id) != nullptr)
            return false;
        const uint8_t *bytes = take(log, algorithm->digest_len);
        if (bytes == nullptr)
            return false;
        event->digests[event->digest_count++] =
            (struct event_log_digest){.algorithm = *algorithm, .bytes = bytes};
    }
    return true;
}

static bool read_event(struct event_log *log, struct event_log_event *event)
{
    uint32_t data_len;
    if (!take_number(log, &event->pcr) || !take_number(log, &event->type) ||
        !read_digests(log, event) || !take_number(log, &data_len))
        return false;
    event->data = take(log, data_len);
    event->data_len = data_len;
    return event->data != nullptr;
}

bool event_log_next(struct event_log *log, struct event_log_event *event)
{
    size_t start = log->at;
    *event = (struct event_log_event){};
    if (log->is_malformed || start == log->len)
        return false;
    if (read_event(log, event))
        return true;
    *event = (struct event_log_event){};
    log->at = start;
    log->is_malformed = true;
    return false;
}

size_t event_log_find_len(const uint8_t *bytes, size_t max_len, size_t last_at)
{
    struct event_log log;
    struct event_log_event event;
    if (!event_log_open(bytes, max_len, &log))
        return 0;
    if (last_at == 0)
        return log.at;
    while (log.at < last_at) {
        if (!event_log_next(&log, &event))
            return 0;
    }
    return log.at == last_at && event_log_next(&log, &event) ? log.at : 0;
}

const struct event_log_digest *event_log_find_digest(const struct event_log_event *event,
                                                     unsigned algorithm)
{
    for (size_t i = 0; i < event->digest_count; i++) {
        if (event->digests[i].algorithm.id == algorithm)
            return &event->digests[i];
    }
    return nullptr;
}

bool event_log_extends(const struct event_log_event *event, uint32_t pcr)
{
    return event->pcr == pcr && event->type != EVENT_LOG_EV_NO_ACTION;
}

/* The low byte of a type, then its name: those of all platforms, and those of UEFI. */
static const char all_types[] = "\x01"
                                "POST code\0"
                                "\x03"
                                "no action\0"
                                "\x04"
                                "separator\0"
                                "\x05"
                                "action\0"
                                "\x06"
                                "tag\0"
                                "\x07"
                                "CRTM contents\0"
                                "\x08"
                                "CRTM version\0"
                                "\x09"
                                "microcode\0"
                                "\x0a"
                                "settings\0"
                                "\x0b"
                                "devices\0"
                                "\x0c"
                                "compact hash\0"
                                "\x0d"
                                "IPL\0"
                                "\x0e"
                                "IPL data\0"
                                "\x0f"
                                "other code\0"
                                "\x10"
                                "other config\0"
                                "\x11"
                                "other info\0"
                                "\x12"
                                "no devices\0";
static const char uefi_types[] = "\x01"
                                 "variable\0"
                                 "\x02"
                                 "boot variable\0"
                                 "\x03"
                                 "application\0"
                                 "\x04"
                                 "boot driver\0"
                                 "\x05"
                                 "driver\0"
                                 "\x06"
                                 "GPT\0"
                                 "\x07"
                                 "UEFI action\0"
                                 "\x08"
                                 "firmware\0"
                                 "\x09"
                                 "tables\0"
                                 "\x0a"
                                 "firmware\0"
                                 "\x0b"
                                 "tables\0"
                                 "\x0c"
                                 "boot variable\0"
                                 "\x10"
                                 "HCRTM\0"
                                 "\xe0"
                                 "authority\0"
                                 "\xe1"
                                 "SPDM firmware\0"
                                 "\xe2"
                                 "SPDM config\0";

static const char *find_type(const char *list, size_t len, uint32_t low)
{
    const char *end = list + len;

    for (; list < end; list += strlen(list) + 1) {
        if ((uint8_t)*list == low)
            return list + 1;
    }
    return nullptr;
}

const char *event_log_type_name(uint32_t type)
{
    return (type & UEFI_TYPES) == 0
               ? find_type(all_types, sizeof all_types - 1, type)
               : find_type(uefi_types, sizeof uefi_types - 1, type & ~UEFI_TYPES);
}
