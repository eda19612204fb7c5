#include "kernel/dev/pci.h"

#include "kernel/dev/platform.h"
#include "tests/support/registers.h"

#define ECAM UINT64_C(0xB0000000)
#define ADDRESS_PORT 0xCF8
#define DATA_PORT 0xCFC
#define ID 0x10441AF4u
#define OTHER_ID 0x10051AF4u

/* Configuration space of a few functions; all others read as ones. */
struct dword {
    uint32_t address; /* of the function */
    uint32_t offset;
    uint32_t value;
};
static const struct dword *space;
static size_t space_count;
static bool all_are_bridges;
static uint32_t highest_address; /* that was asked for */
static struct platform platform;

const struct platform *platform_get(void)
{
    return &platform;
}

static uint32_t look_up(uint32_t address, uint32_t offset)
{
    bool is_there = false;

    highest_address = address > highest_address ? address : highest_address;
    for (size_t i = 0; i < space_count; i++) {
        is_there |= space[i].address == address;
        if (space[i].address == address && space[i].offset == offset)
            return space[i].value;
    }
    /* Each has many functions and is a bridge to some bus or other. */
    if (all_are_bridges)
        return offset == 0x0C ? 0x00810000 : address * 0x9E3779B1u ^ offset;
    return is_there ? 0 : UINT32_MAX;
}

static bool read_hook(enum register_kind kind, uint64_t where, uint64_t *value)
{
    uint64_t port = *register_at(PORT, ADDRESS_PORT);

    if (kind == MEMORY && where >= ECAM && where - ECAM < UINT64_C(1) << 28)
        *value = look_up((uint32_t)(where - ECAM) >> 12, where & 0xFFF);
    else if (kind == PORT && where == DATA_PORT && port >> 31 != 0)
        *value = look_up(port >> 8 & 0xFFFF, port & 0xFC);
    else
        return false;
    return true;
}

static void set_space(const struct dword *dwords, size_t count)
{
    space = dwords;
    space_count = count;
}
#define SET_SPACE(...)                                                                             \
    static const struct dword dwords[] = {__VA_ARGS__};                                            \
    set_space(dwords, sizeof dwords / sizeof dwords[0])

static int setup([[maybe_unused]] void **state)
{
    registers_reset();
    register_read_hook = read_hook;
    platform = (struct platform){.ecam_count = 2,
                                 .ecam = {{.paddr = 0xC0000000, .segment = 1, .last_bus = 255},
                                          {.paddr = ECAM, .last_bus = 255}}};
    set_space(nullptr, 0);
    all_are_bridges = false;
    highest_address = 0;
    return 0;
}

static void expect_found(uint32_t address)
{
    struct pci_function function;

    assert_true(pci_find(ID, OTHER_ID, &function));
    assert_int_equal(function.address, address);
}

static void expect_nothing(void)
{
    struct pci_function function;

    assert_false(pci_find(ID, OTHER_ID, &function));
}

static void test_finds_either_id_by_memory([[maybe_unused]] void **state)
{
    SET_SPACE({2 << 3, 0, 0x12341AF4}, {7 << 3, 0, OTHER_ID}, {9 << 3, 0, ID});

    expect_found(7 << 3);
    assert_int_equal(*register_at(PORT, ADDRESS_PORT), 0); /* no port was written to */
}

static void test_finds_it_by_ports_where_no_memory_is_named([[maybe_unused]] void **state)
{
    struct pci_function function;
    SET_SPACE({7 << 3, 0, ID}, {7 << 3, 0x2C, 0x11223344});

    platform.ecam_count = 1; /* of another segment */
    expect_found(7 << 3);
    assert_true(pci_find(ID, ID, &function));
    assert_null(function.ecam);
    assert_int_equal(pci_read(&function, 0x2C), 0x11223344);
    pci_write(&function, 0x2C, 0x55667788);
    assert_int_equal(*register_at(PORT, ADDRESS_PORT), 0x8000382C);
    assert_int_equal(*register_at(PORT, DATA_PORT), 0x55667788);
}

/* Where there is no PCI the port does not read back. */
static bool no_ports(enum register_kind kind, [[maybe_unused]] uint64_t where, uint64_t *value)
{
    *value = UINT32_MAX;
    return kind == PORT;
}

static void test_a_machine_without_pci_has_nothing([[maybe_unused]] void **state)
{
    platform.ecam_count = 0;
    register_read_hook = no_ports;
    expect_nothing();
    assert_accesses({'w', PORT, ADDRESS_PORT, 0x80000000}, {'r', PORT, ADDRESS_PORT, UINT32_MAX});
}

static void test_looks_at_all_functions_of_a_device_that_has_many([[maybe_unused]] void **state)
{
    SET_SPACE({5 << 3, 0, 0x12341AF4}, {5 << 3, 0x0C, 0x00800000}, {5 << 3 | 3, 0, ID});

    expect_found(5 << 3 | 3);
}

static void test_looks_at_function_0_alone_of_a_device_that_has_one([[maybe_unused]] void **state)
{
    SET_SPACE({5 << 3, 0, 0x12341AF4}, {5 << 3 | 3, 0, ID}, {6 << 3 | 1, 0, ID});

    expect_nothing();
}

static void test_looks_behind_bridges([[maybe_unused]] void **state)
{
    SET_SPACE({1 << 3, 0, 0x12348086}, {1 << 3, 0x0C, 0x00010000}, {1 << 3, 0x18, 0x00090400},
              {4 << 8 | 2 << 3, 0, 0x12348086}, {4 << 8 | 2 << 3, 0x0C, 0x00810000},
              {4 << 8 | 2 << 3, 0x18, 0x00090904}, {9 << 8 | 31 << 3, 0, ID});

    expect_found(9 << 8 | 31 << 3);
}

static void test_a_bus_that_no_bridge_names_is_not_looked_at([[maybe_unused]] void **state)
{
    SET_SPACE({1 << 3, 0, 0x12348086}, {1 << 3, 0x0C, 0x00010000}, {1 << 3, 0x18, 0x00040400},
              {5 << 8, 0, ID});

    expect_nothing();
    assert_in_range(highest_address, 4 << 8, (5 << 8) - 1);
}

/* Bridges that lead in circles, to every bus there is. */
static void test_ends_where_everything_is_a_bridge([[maybe_unused]] void **state)
{
    all_are_bridges = true;
    expect_nothing();
    assert_in_range(access_count, 1000, 3u << 16);
}

static void test_does_not_leave_the_buses_that_memory_has([[maybe_unused]] void **state)
{
    SET_SPACE({1 << 3, 0, 0x12348086}, {1 << 3, 0x0C, 0x00010000}, {1 << 3, 0x18, 0x00000300},
              {3 << 8, 0, ID});

    platform.ecam[1].last_bus = 2;
    expect_nothing();
    assert_true(highest_address < 3 << 8);
    platform.ecam[1].last_bus = 3;
    expect_found(3 << 8);
}

static void test_configuration_space_that_may_not_be_mapped_is_none([[maybe_unused]] void **state)
{
    SET_SPACE({1 << 3, 0, ID});

    register_unmappable = ECAM;
    expect_nothing();
}

/* Capabilities and addresses of one function. */
static const struct pci_function function = {.ecam = (volatile uint8_t *)(uintptr_t)ECAM};

static void test_finds_capabilities_in_their_order([[maybe_unused]] void **state)
{
    SET_SPACE({0, 0x04, 0x00100000}, {0, 0x34, 0x53}, {0, 0x50, 0x00006009}, {0, 0x60, 0x00007011},
              {0, 0x70, 0x00000009});

    assert_int_equal(pci_capability(&function, 0x09, 0), 0x50);
    assert_int_equal(pci_capability(&function, 0x09, 1), 0x70);
    assert_int_equal(pci_capability(&function, 0x09, 2), 0);
    assert_int_equal(pci_capability(&function, 0x11, 0), 0x60);
    assert_int_equal(pci_capability(&function, 0x05, 0), 0);
}

static void test_a_circle_of_capabilities_ends([[maybe_unused]] void **state)
{
    SET_SPACE({0, 0x04, 0x00100000}, {0, 0x34, 0x50}, {0, 0x50, 0x00006009}, {0, 0x60, 0x00005009});

    assert_int_equal(pci_capability(&function, 0x09, 3), 0x60);
    assert_int_equal(pci_capability(&function, 0x09, 48), 0);
    assert_int_equal(pci_capability(&function, 0x11, 0), 0);
}

static void test_capabilities_are_not_in_the_header([[maybe_unused]] void **state)
{
    SET_SPACE({0, 0x04, 0x00100000}, {0, 0x34, 0x3C}, {0, 0x3C, 0x00000009});

    assert_int_equal(pci_capability(&function, 0x09, 0), 0);
}

static void test_there_are_none_where_the_status_says_so([[maybe_unused]] void **state)
{
    SET_SPACE({0, 0x04, 0}, {0, 0x34, 0x50}, {0, 0x50, 0x00000009});

    assert_int_equal(pci_capability(&function, 0x09, 0), 0);
}

static uint64_t map(unsigned bar, uint32_t offset, uint32_t len)
{
    return (uintptr_t)pci_map(&function, bar, offset, len);
}

static void test_maps_memory_of_32_and_64_bits([[maybe_unused]] void **state)
{
    SET_SPACE({0, 0x10, 0xFE000008}, {0, 0x14, 0xFE10000C}, {0, 0x18, 0x38});

    assert_int_equal(map(0, 0x1000, 16), 0xFE001000);
    assert_int_equal(map(1, 0xFFFFFFFF, 16), 0x39FE0FFFFF);
}

static void test_what_is_not_memory_is_not_mapped([[maybe_unused]] void **state)
{
    SET_SPACE({0, 0x10, 0xC001}, {0, 0x14, 0}, {0, 0x18, 0xFFFFFFFC}, {0, 0x1C, 0xFFFFFFFF},
              {0, 0x24, 0xFE000004});

    assert_int_equal(map(0, 0, 16), 0);  /* ports */
    assert_int_equal(map(1, 0, 16), 0);  /* not assigned */
    assert_int_equal(map(2, 16, 16), 0); /* behind the end of everything */
    assert_int_equal(map(6, 0, 16), 0);  /* no such register */
    assert_int_equal(map(UINT32_MAX, 0, 16), 0);
    assert_int_equal(map(5, 0, 16), 0xFE000000); /* its high half would be in no register */
    register_unmappable = 0xFE000010;
    assert_int_equal(map(5, 16, 16), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_finds_either_id_by_memory),
        TEST(test_finds_it_by_ports_where_no_memory_is_named),
        TEST(test_a_machine_without_pci_has_nothing),
        TEST(test_looks_at_all_functions_of_a_device_that_has_many),
        TEST(test_looks_at_function_0_alone_of_a_device_that_has_one),
        TEST(test_looks_behind_bridges),
        TEST(test_a_bus_that_no_bridge_names_is_not_looked_at),
        TEST(test_ends_where_everything_is_a_bridge),
        TEST(test_does_not_leave_the_buses_that_memory_has),
        TEST(test_configuration_space_that_may_not_be_mapped_is_none),
        TEST(test_finds_capabilities_in_their_order),
        TEST(test_a_circle_of_capabilities_ends),
        TEST(test_capabilities_are_not_in_the_header),
        TEST(test_there_are_none_where_the_status_says_so),
        TEST(test_maps_memory_of_32_and_64_bits),
        TEST(test_what_is_not_memory_is_not_mapped),
    };

    return cmocka_run_group_tests_name("pci", tests, nullptr, nullptr);
}
