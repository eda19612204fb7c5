#include "tools/verification.h"

#include "image/error.h"
#include "image/text.h"
#include "tools/command.h"
#include "tools/key.h"
#include "tools/key_file.h"
#include "tools/print.h"
#include "tools/report.h"

#define DEFAULT_KEYS "keys"

bool verification_add_identity(struct verification *request, const char *path)
{
    if (request->identity_count == TRUST_MAX_COUNT)
        return false;
    request->identities[request->identity_count++] = path;
    return true;
}

/* The development key takes part when it lies in the current folder, which is the project's: never
 * a file beside the image, which whoever places the image could place too. Without --allow-dev it
 * only makes the refusal say why. Nothing is made here. */
static int add_dev_identity(const struct verification *request, struct trust *trust)
{
    struct signing_key key = {.token = nullptr};
    struct identity dev;
    enum nonos_error error = key_file_read(NONOS_DEV_KEY_FILE, key.seed);
    if (error == NONOS_E_NOT_FOUND || (error != NONOS_OK && !request->allow_dev))
        return 0;
    if (error != NONOS_OK)
        return key_file_report(NONOS_DEV_KEY_FILE, error);
    error = key_identity(&key, "dev",
                         (uint32_t)NONOS_IMAGE_KERNEL | (uint32_t)NONOS_IMAGE_CAPSULE |
                             (uint32_t)NONOS_IMAGE_BUNDLE,
                         NONOS_PROFILE_DEV, &dev);
    key_wipe(&key);
    return error == NONOS_OK ? trust_add(trust, &dev)
                             : report_error(NONOS_DEV_KEY_FILE, error, nullptr);
}

int verification_gather(const struct verification *request, struct trust *trust)
{
    bool given = request->identity_count > 0;
    int status = 0;
    *trust = (struct trust){0};
    for (size_t i = 0; i < request->identity_count && status == 0; i++)
        status = trust_add_file(trust, request->identities[i]);
    /* What is revoked stays revoked, whoever is trusted. */
    if (status == 0)
        status = trust_add_folder(trust, request->keys == nullptr ? DEFAULT_KEYS : request->keys,
                                  !given, request->keys != nullptr);
    if (status == 0)
        status = trust_check(trust, !given);
    /* Only now: a development key that the folder revokes is for the verifier to call revoked. */
    if (status == 0 && !given)
        status = add_dev_identity(request, trust);
    return status == 0 ? trust_check(trust, false) : status;
}

enum nonos_error verification_decide(const struct verification *request, const struct trust *trust,
                                     const struct file_bytes *image, struct image_verdict *verdict)
{
    struct image_policy policy = {
        .wanted = request->wanted,
        .trusted = trust->trusted.identities,
        .trusted_count = trust->trusted.count,
        .revoked = trust->revoked.identities,
        .revoked_count = trust->revoked.count,
        .security_version_floor = request->floor,
        .allow_dev = request->allow_dev,
    };
    return image_verify(image->bytes, image->len, &policy, nullptr, nullptr, verdict);
}

bool verification_both_hold(const struct image_verdict *verdict)
{
    return verdict->reached == IMAGE_STEP_PARSED || verdict->error == NONOS_E_REVOKED;
}

void verification_print_signer(const struct image_verdict *verdict)
{
    const struct identity *signer = verdict->signer;
    if (signer == nullptr)
        return;
    char id[2 * NONOS_IDENTITY_ID_LEN + 1] = {0};
    text_write_hex(signer->id, sizeof(signer->id), id);
    printf("%-10s %s (%s)\n%-10s %s\n", "signer", signer->name,
           command_profile_name(signer->profile), "id", id);
    print_line("ed25519", "valid");
    print_line("ml-dsa-65", verification_both_hold(verdict) ? "valid" : "not valid");
}

void verification_print_verdict(const struct image_verdict *verdict)
{
    if (image_is_verified(verdict))
        print_line("verdict", "verified");
    else
        printf("%-10s refused: %s (%s, code %d)\n", "verdict", error_text(verdict->error),
               error_name(verdict->error), (int)verdict->error);
}
