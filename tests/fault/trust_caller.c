#include "tests/fault/trust_caller.h"

#include "tools/trust_edit.h"

void trust_caller_add(const char *folder, const char *path, const uint8_t id[NONOS_IDENTITY_ID_LEN])
{
    struct identity added;
    (void)!trust_edit_add(folder, path, id, &added);
    trust_caller_end(nullptr);
}

void trust_caller_revoke(const char *folder, const char *name)
{
    struct identity revoked;
    (void)!trust_edit_revoke(folder, name, &revoked);
    trust_caller_end(nullptr);
}

void trust_caller_read(const char *folder)
{
    struct trust trust = {0};
    (void)!trust_add_folder(&trust, folder, true, true);
    trust_caller_end(&trust);
}
