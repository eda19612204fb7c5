/*
 * scenarios.h - the images that faults are tried on, each with the one reason to refuse it. What
 * each of them is, is in subject.c.
 */
#ifndef NONOS_TESTS_FAULT_SCENARIOS_H
#define NONOS_TESTS_FAULT_SCENARIOS_H

/* name, what verification answers without a fault */
#define SCENARIOS(SCENARIO)                                                                        \
    SCENARIO(good, NONOS_OK)                                                                       \
    SCENARIO(bad_ed25519, NONOS_E_ED25519)                                                         \
    SCENARIO(bad_mldsa65, NONOS_E_MLDSA65)                                                         \
    SCENARIO(mixed_images, NONOS_E_MLDSA65)                                                        \
    SCENARIO(mixed_identities, NONOS_E_MLDSA65)                                                    \
    SCENARIO(tampered, NONOS_E_ED25519)                                                            \
    SCENARIO(unknown_signer, NONOS_E_ED25519)                                                      \
    SCENARIO(revoked_signer, NONOS_E_REVOKED)                                                      \
    SCENARIO(revoked_but_trusted, NONOS_E_REVOKED)                                                 \
    SCENARIO(rolled_back, NONOS_E_POLICY_FLOOR)                                                    \
    SCENARIO(wrong_role, NONOS_E_ED25519)                                                          \
    SCENARIO(wrong_profile, NONOS_E_POLICY_PROFILE)                                                \
    SCENARIO(development, NONOS_E_POLICY_DEV)                                                      \
    SCENARIO(wrong_type, NONOS_E_POLICY_TYPE)                                                      \
    SCENARIO(wrong_target, NONOS_E_POLICY_TARGET)                                                  \
    SCENARIO(broken_structure, NONOS_E_SEGMENT_WX)                                                 \
    SCENARIO(broken_manifest, NONOS_E_MANIFEST_VALUE)

enum scenario {
#define SCENARIO(name, error) SCENARIO_##name,
    SCENARIOS(SCENARIO)
#undef SCENARIO
        SCENARIO_COUNT,
};

/* How the subject ends; every other end is a crash, which starts no image either. */
#define SUBJECT_ADMITTED 77
#define SUBJECT_REFUSED 78

#endif
