/* crypto/group.h: the vectors of RFC 9496 and of the CPace draft. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/group.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
from_hex(const char *hex, uint8_t *out, size_t len)
{
    assert_int_equal(strlen(hex), 2 * len);
    for (size_t i = 0; i < len; i++) {
        unsigned value;

        assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
        out[i] = (uint8_t)value;
    }
}

static struct group_element
element_of(const char *hex)
{
    struct group_element element;

    from_hex(hex, element.bytes, sizeof(element.bytes));
    return element;
}

static struct group_scalar
scalar_of(const char *hex)
{
    struct group_scalar scalar;

    from_hex(hex, scalar.bytes, sizeof(scalar.bytes));
    return scalar;
}

static void
assert_element(const struct group_element *element, const char *hex)
{
    const struct group_element expected = element_of(hex);

    assert_memory_equal(element->bytes, expected.bytes, GROUP_ELEMENT_LEN);
}

/* RFC 9496 appendix A.1 */
static void
multiples_of_the_generator_are_those_of_the_rfc(void **state)
{
    static const char *const multiples[] = {
        "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
        "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
        "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
        "da80862773358b466ffadfe0b3293ab3d9fd53c5ea6c955358f568322daf6a57",
        "e882b131016b52c1d3337080187cf768423efccbb517bb495ab812c4160ff44e",
        "f64746d3c92b13050ed8d80236a7f0007c3b3f962f5ba793d19a601ebb1df403",
        "44f53520926ec81fbd5a387845beb7df85a96a24ece18738bdcfa6a7822a176d",
        "903293d8f2287ebe10e2374dc1a53e0bc887e592699f02d077d5263cdd55601c",
        "02622ace8f7303a31cafc63f8fc48fdc16e1c8c8d234b2f0d6685282a9076031",
        "20706fd788b2720a1ed2a5dad4952b01f413bcf0e7564de8cdc816689e2db95f",
        "bce83f8ba5dd2fa572864c24ba1810f9522bc6004afe95877ac73241cafdab42",
        "e4549ee16b9aa03099ca208c67adafcafa4c3f3e4e5303de6026e3ca8ff84460",
        "aa52e000df2e16f55fb1032fc33bc42742dad6bd5a8fc0be0167436c5948501f",
        "46376b80f409b29dc2b5f6f0c52591990896e5716f41477cd30085ab7f10301e",
        "e0c418f7c8d9c4cdd7395b93ea124f3ad99021bb681dfc3302a9d99a2e53e64e",
    };
    const struct group_element generator = element_of(multiples[0]);

    (void)state;
    for (size_t i = 0; i < COUNT(multiples); i++) {
        const struct group_scalar factor = {{(uint8_t)(i + 1)}};
        struct group_element product;

        assert_int_equal(group_multiply(&factor, &generator, &product), TG_OK);
        assert_element(&product, multiples[i]);
        assert_true(group_is_element(&product));
    }
}

/* RFC 9496 appendix A.2 */
static void
what_is_no_encoding_is_not_multiplied(void **state)
{
    static const char *const invalid[] = {
        "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
        "c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562",
        "c940e5a4404157cfb1628b108db051a8d439e1a421394ec4ebccb9ec92a8ac78",
        "47cfc5497c53dc8e61c91d17fd626ffb1c49e2bca94eed052281b510b1117a24",
        "f1c6165d33367351b0da8f6e4511010c68174a03b6581212c71c0e1d026c3c72",
        "87260f7a2f12495118360f02c26a470f450dadf34a413d21042b43b9d93e1309",
        "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
        "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
        "de6a7b00deadc788eb6b6c8d20c0ae96c2f2019078fa604fee5b87d6e989ad7b",
        "bcab477be20861e01e4a0e295284146a510150d9817763caf1a6f4b422d67042",
        "2a292df7e32cababbd9de088d1d1abec9fc0440f637ed2fba145094dc14bea08",
        "f4a9e534fc0d216c44b218fa0c42d99635a0127ee2e53c712f70609649fdff22",
        "8268436f8c4126196cf64b3c7ddbda90746a378625f9813dd9b8457077256731",
        "2810e5cbc2cc4d4eece54f61c6f69758e289aa7ab440b3cbeaa21995c2f4232b",
        "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
        "a45fdc55c76448c049a1ab33f17023edfb2be3581e9c7aade8a6125215e04220",
        "d483fe813c6ba647ebbfd3ec41adca1c6130c2beeee9d9bf065c8d151c5f396e",
        "8a2e1d30050198c65a54483123960ccc38aef6848e1ec8f5f780e8523769ba32",
        "32888462f8b486c68ad7dd9610be5192bbeaf3b443951ac1a8118419d9fa097b",
        "227142501b9d4355ccba290404bde41575b037693cef1f438c47f8fbf35d1165",
        "5c37cc491da847cfeb9281d407efc41e15144c876e0170b499a96a22ed31e01e",
        "445425117cb8c90edcbc7c1cc0e74f747f2c1efa5630a967c64f287792a48a4b",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    const struct group_scalar factor = {{2}};

    (void)state;
    for (size_t i = 0; i < COUNT(invalid); i++) {
        const struct group_element element = element_of(invalid[i]);
        struct group_element product = {{7}};

        assert_false(group_is_element(&element));
        assert_int_equal(group_multiply(&factor, &element, &product),
                         TG_E_AUTH);
        assert_int_equal(product.bytes[0], 7);
    }
}

/* RFC 9496 appendix A.3: the bytes in halves, and what they are mapped to */
static void
uniform_bytes_are_mapped_to_the_elements_of_the_rfc(void **state)
{
    static const char *const cases[][2] = {
        {"5d1be09e3d0c82fc538112490e35701979d99e06ca3e2b5b54bffe8b4dc772c1"
         "4d98b696a1bbfb5ca32c436cc61c16563790306c79eaca7705668b47dffe5bb6",
         "3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46"},
        {"f116b34b8f17ceb56e8732a60d913dd10cce47a6d53bee9204be8b44f6678b27"
         "0102a56902e2488c46120e9276cfe54638286b9e4b3cdb470b542d46c2068d38",
         "f26e5b6f7d362d2d2a94c5d0e7602cb4773c95a2e5c31a64f133189fa76ed61b"},
        {"8422e1bbdaab52938b81fd602effb6f89110e1e57208ad12d9ad767e2e25510c"
         "27140775f9337088b982d83d7fcf0b2fa1edffe51952cbe7365e95c86eaf325c",
         "006ccd2a9e6867e6a2c5cea83d3302cc9de128dd2a9a57dd8ee7b9d7ffe02826"},
        {"ac22415129b61427bf464e17baee8db65940c233b98afce8d17c57beeb7876c2"
         "150d15af1cb1fb824bbd14955f2b57d08d388aab431a391cfc33d5bafb5dbbaf",
         "f8f0c87cf237953c5890aec3998169005dae3eca1fbb04548c635953c817f92a"},
        {"165d697a1ef3d5cf3c38565beefcf88c0f282b8e7dbd28544c483432f1cec767"
         "5debea8ebb4e5fe7d6f6e5db15f15587ac4d4d4a1de7191e0c1ca6664abcc413",
         "ae81e7dedf20a497e10c304a765c1767a42d6e06029758d2d7e8ef7cc4c41179"},
        {"a836e6c9a9ca9f1e8d486273ad56a78c70cf18f0ce10abb1c7172ddd605d7fd2"
         "979854f47ae1ccf204a33102095b4200e5befc0465accc263175485f0e17ea5c",
         "e2705652ff9f5e44d3e841bf1c251cf7dddb77d140870d1ab2ed64f1a9ce8628"},
        {"2cdc11eaeb95daf01189417cdddbf95952993aa9cb9c640eb5058d09702c7462"
         "2c9965a697a3b345ec24ee56335b556e677b30e6f90ac77d781064f866a3c982",
         "80bd07262511cdde4863f8a7434cef696750681cb9510eea557088f76d9e5065"},
        {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
         "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
         "304282791023b73128d277bdcb5c7746ef2eac08dde9f2983379cb8e5ef0517f"},
        {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
         "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
         "304282791023b73128d277bdcb5c7746ef2eac08dde9f2983379cb8e5ef0517f"},
        {"0000000000000000000000000000000000000000000000000000000000000080"
         "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
         "304282791023b73128d277bdcb5c7746ef2eac08dde9f2983379cb8e5ef0517f"},
        {"0000000000000000000000000000000000000000000000000000000000000000"
         "1200000000000000000000000000000000000000000000000000000000000080",
         "304282791023b73128d277bdcb5c7746ef2eac08dde9f2983379cb8e5ef0517f"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t uniform[GROUP_UNIFORM_LEN];
        struct group_element element;

        from_hex(cases[i][0], uniform, sizeof(uniform));
        assert_int_equal(group_derive(uniform, &element), TG_OK);
        assert_element(&element, cases[i][1]);
    }
}

/* draft-irtf-cfrg-cpace-21 appendix B.3: scalar_mult_vfy */
static void
products_are_those_of_the_draft(void **state)
{
    const struct group_scalar scalar = scalar_of(
        "7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05");
    const struct group_element valid = element_of(
        "2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c");
    const struct group_element invalid = element_of(
        "2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c");
    struct group_element product;

    (void)state;
    assert_int_equal(group_multiply(&scalar, &valid, &product), TG_OK);
    assert_element(
        &product,
        "7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e");
    assert_int_equal(group_multiply(&scalar, &invalid, &product), TG_E_AUTH);
}

/* RFC 9496 §4.3.1: one element, one encoding; also of the identity */
static void
a_set_last_bit_is_no_encoding(void **state)
{
    const struct group_scalar factor = {{2}};
    struct group_element elements[] = {
        element_of("e2f2ae0a6abc4e71a884a961c500515f"
                   "58e30b6aa582dd8db6a65945e08d2d76"),
        {{0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(elements); i++) {
        struct group_element product;

        assert_true(group_is_element(&elements[i]));
        elements[i].bytes[GROUP_ELEMENT_LEN - 1] |= 0x80;
        assert_false(group_is_element(&elements[i]));
        assert_int_equal(group_multiply(&factor, &elements[i], &product),
                         TG_E_AUTH);
    }
}

static void
the_identity_is_no_product(void **state)
{
    const struct group_element identity = {{0}};
    const struct group_scalar scalar = {{3}};
    const struct group_scalar zero = {{0}};
    const struct group_scalar order = scalar_of(
        "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    struct group_element element = element_of(
        "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76");

    (void)state;
    assert_true(group_is_element(&identity));
    assert_int_equal(group_multiply(&scalar, &identity, &element), TG_E_AUTH);
    assert_int_equal(group_multiply(&zero, &element, &element), TG_E_AUTH);
    assert_int_equal(group_multiply(&order, &element, &element), TG_E_AUTH);
}

static void
a_scalar_is_neither_zero_nor_longer_than_what_is_drawn(void **state)
{
    struct group_scalar scalar = {{0}};

    (void)state;
    assert_false(group_is_scalar(&scalar));
    scalar.bytes[0] = 1;
    assert_true(group_is_scalar(&scalar));
    scalar.bytes[GROUP_SCALAR_LEN - 1] = 0x0f;
    assert_true(group_is_scalar(&scalar));
    for (int bit = 4; bit < 8; bit++) {
        scalar.bytes[GROUP_SCALAR_LEN - 1] = (uint8_t)(1 << bit);
        assert_false(group_is_scalar(&scalar));
    }
}

static void
drawn_scalars_differ_and_use_all_of_their_bits(void **state)
{
    uint8_t any[GROUP_SCALAR_LEN] = {0};
    struct group_scalar last = {{0}};

    (void)state;
    for (int i = 0; i < 100; i++) {
        struct group_scalar scalar;

        assert_int_equal(group_draw_scalar(&scalar), TG_OK);
        assert_true(group_is_scalar(&scalar));
        assert_memory_not_equal(scalar.bytes, last.bytes, sizeof(last.bytes));
        for (size_t j = 0; j < sizeof(any); j++)
            any[j] |= scalar.bytes[j];
        last = scalar;
    }
    for (size_t j = 0; j < sizeof(any) - 1; j++)
        assert_int_equal(any[j], 0xff);
    assert_int_equal(any[sizeof(any) - 1], 0x0f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(multiples_of_the_generator_are_those_of_the_rfc),
        cmocka_unit_test(what_is_no_encoding_is_not_multiplied),
        cmocka_unit_test(uniform_bytes_are_mapped_to_the_elements_of_the_rfc),
        cmocka_unit_test(products_are_those_of_the_draft),
        cmocka_unit_test(a_set_last_bit_is_no_encoding),
        cmocka_unit_test(the_identity_is_no_product),
        cmocka_unit_test(
            a_scalar_is_neither_zero_nor_longer_than_what_is_drawn),
        cmocka_unit_test(drawn_scalars_differ_and_use_all_of_their_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
