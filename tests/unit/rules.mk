# What some unit tests need besides: functions that the test stands in front of.
$(BUILD)/tests/mldsa65_strict: private SAN_LDFLAGS += \
    -Wl,--wrap=PQCLEAN_MLDSA65_CLEAN_poly_chknorm
comma := ,
$(BUILD)/tests/pqc_failures: private SAN_LDFLAGS += $(addprefix -Wl$(comma)--wrap=PQCLEAN_, \
    $(addprefix MLKEM768_CLEAN_crypto_kem_,keypair enc dec) \
    $(addprefix MLDSA65_CLEAN_crypto_sign_,keypair signature_ctx))
$(BUILD)/tests/space: private SAN_LDFLAGS += \
    $(addprefix -Wl$(comma)--wrap=,frames_allocate slab_allocate)
