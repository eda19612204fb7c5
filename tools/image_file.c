#include "tools/image_file.h"

#include "image/digest.h"
#include "tools/report.h"

#include <errno.h>

enum nonos_error image_file_read(const char *path, struct file_bytes *out)
{
    enum nonos_error error = file_read(path, NONOS_IMAGE_MAX_LEN, out);
    if (error == NONOS_E_SIZE)
        return NONOS_E_IMAGE_LONG;
    if (error == NONOS_OK)
        error = image_check_len(out->len);
    if (error != NONOS_OK) {
        int reason = errno;
        file_free(out);
        errno = reason;
    }
    return error;
}

static const char *advice_on_policy(enum nonos_error error)
{
    if (error == NONOS_E_POLICY_TYPE)
        return "if another type is wanted, -t says which";
    if (error == NONOS_E_POLICY_DEV)
        return "for trying things out, --allow-dev accepts it";
    if (error == NONOS_E_POLICY_FLOOR)
        return "get a newer image; this one has been superseded for security";
    return "its maker has to make it again; docs/image-format.md has the rules";
}

static const char *advice_for(enum nonos_error error)
{
    if (error == NONOS_E_IMAGE_SHORT || error == NONOS_E_IMAGE_LONG)
        return "it is no image, or not all of one: get it again, or make one with `nonos seal`";
    if (error == NONOS_E_IMAGE_CHANGED)
        return "something writes to the file; try again when that has ended";
    if (error == NONOS_E_NO_IDENTITY)
        return "give the signer's identity with -i, or a folder of identities with --keys";
    if (error == NONOS_E_UNSIGNED)
        return "`nonos sign` signs it";
    if (error == NONOS_E_ED25519)
        return "it was changed after it was signed, or its signer is not trusted: get it again "
               "from its maker, or check whose identity you need (-i, --keys)";
    if (error == NONOS_E_MLDSA65)
        return "one of its two signatures holds and the other does not: do not use it, and tell "
               "its maker";
    if (error == NONOS_E_REVOKED)
        return "do not use it; its maker has a newer one, signed with another key";
    if (error >= NONOS_E_ELF_MAGIC && error <= NONOS_E_BUNDLE)
        return "`nonos seal` gives a linked file the structure of an image; docs/image-format.md "
               "has the rules";
    if (error >= NONOS_E_MANIFEST_SIZE && error <= NONOS_E_MANIFEST_DUPLICATE)
        return "docs/image-format.md says what a manifest has to have";
    if (error >= NONOS_E_POLICY_TYPE && error <= NONOS_E_POLICY_GRANT)
        return advice_on_policy(error);
    if (error == NONOS_E_SIGNED)
        return "a signature is attached to an image without it: take the one that `nonos seal` "
               "wrote";
    return nullptr;
}

int image_file_report(const char *path, enum nonos_error error, unsigned manifest_line)
{
    if (manifest_line != 0)
        return report_error(
            path, error, "line %u of the manifest; docs/image-format.md says what it has to have",
            manifest_line);
    const char *advice = advice_for(error);
    if (advice != nullptr)
        return report_error(path, error, "%s", advice);
    return report_file_error(path, error);
}
