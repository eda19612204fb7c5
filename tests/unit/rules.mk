# What some unit tests need besides: functions that the test stands in front of.
$(BUILD)/tests/mldsa65_strict: private SAN_LDFLAGS += \
    -Wl,--wrap=PQCLEAN_MLDSA65_CLEAN_poly_chknorm
