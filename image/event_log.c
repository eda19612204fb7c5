#include "image/event_log.h"

#include "crypto/bytes.h"

#include <string.h>

#define SHA1_LEN 20u
#define SIGNATURE "Spec ID Event03" /* with its NUL */

/* TCG_EfiSpecIDEvent before its algorithms, whose count comes last. */
#define SPEC_ID_LEN 28u
#define SPEC_ID_COUNT_AT 24u
#define ALGORITHM_LEN 4u

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

const char *event_log_type_name(uint32_t type)
{
    static const struct {
        uint32_t type;
        char name[EVENT_LOG_TYPE_NAME_MAX_LEN + 1];
    } names[] = {
        {0x00000001, "POST code"},     {0x00000003, "no action"},     {0x00000004, "separator"},
        {0x00000005, "action"},        {0x00000006, "tag"},           {0x00000007, "CRTM contents"},
        {0x00000008, "CRTM version"},  {0x00000009, "microcode"},     {0x0000000A, "settings"},
        {0x0000000B, "devices"},       {0x0000000C, "compact hash"},  {0x0000000D, "IPL"},
        {0x0000000E, "IPL data"},      {0x0000000F, "other code"},    {0x00000010, "other config"},
        {0x00000011, "other info"},    {0x00000012, "no devices"},    {0x80000001, "variable"},
        {0x80000002, "boot variable"}, {0x80000003, "application"},   {0x80000004, "boot driver"},
        {0x80000005, "driver"},        {0x80000006, "GPT"},           {0x80000007, "UEFI action"},
        {0x80000008, "firmware"},      {0x80000009, "tables"},        {0x8000000A, "firmware"},
        {0x8000000B, "tables"},        {0x8000000C, "boot variable"}, {0x80000010, "HCRTM"},
        {0x800000E0, "authority"},     {0x800000E1, "SPDM firmware"}, {0x800000E2, "SPDM config"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].type == type)
            return names[i].name;
    }
    return nullptr;
}
