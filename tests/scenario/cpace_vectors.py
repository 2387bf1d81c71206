"""The vectors that cpace.py is held to: RFC 9496 appendix A for the group,
draft-irtf-cfrg-cpace-21 appendix B for the rest. Run through
`cpace.py --vectors`.
"""
import pathlib
import sys

import cpace

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'tools'))
from tap import Checks  # noqa: E402  (found through this file's place)

# A.1: the generator times 0, 1, 2, …
MULTIPLES = '''
0000000000000000000000000000000000000000000000000000000000000000
e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76
6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919
94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259
da80862773358b466ffadfe0b3293ab3d9fd53c5ea6c955358f568322daf6a57
e882b131016b52c1d3337080187cf768423efccbb517bb495ab812c4160ff44e
f64746d3c92b13050ed8d80236a7f0007c3b3f962f5ba793d19a601ebb1df403
44f53520926ec81fbd5a387845beb7df85a96a24ece18738bdcfa6a7822a176d
903293d8f2287ebe10e2374dc1a53e0bc887e592699f02d077d5263cdd55601c
02622ace8f7303a31cafc63f8fc48fdc16e1c8c8d234b2f0d6685282a9076031
20706fd788b2720a1ed2a5dad4952b01f413bcf0e7564de8cdc816689e2db95f
bce83f8ba5dd2fa572864c24ba1810f9522bc6004afe95877ac73241cafdab42
e4549ee16b9aa03099ca208c67adafcafa4c3f3e4e5303de6026e3ca8ff84460
aa52e000df2e16f55fb1032fc33bc42742dad6bd5a8fc0be0167436c5948501f
46376b80f409b29dc2b5f6f0c52591990896e5716f41477cd30085ab7f10301e
e0c418f7c8d9c4cdd7395b93ea124f3ad99021bb681dfc3302a9d99a2e53e64e
'''.split()

# A.2: what does not decode.
INVALID = '''
00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
0100000000000000000000000000000000000000000000000000000000000000
01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20
c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562
c940e5a4404157cfb1628b108db051a8d439e1a421394ec4ebccb9ec92a8ac78
47cfc5497c53dc8e61c91d17fd626ffb1c49e2bca94eed052281b510b1117a24
f1c6165d33367351b0da8f6e4511010c68174a03b6581212c71c0e1d026c3c72
87260f7a2f12495118360f02c26a470f450dadf34a413d21042b43b9d93e1309
26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371
4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f
de6a7b00deadc788eb6b6c8d20c0ae96c2f2019078fa604fee5b87d6e989ad7b
bcab477be20861e01e4a0e295284146a510150d9817763caf1a6f4b422d67042
2a292df7e32cababbd9de088d1d1abec9fc0440f637ed2fba145094dc14bea08
f4a9e534fc0d216c44b218fa0c42d99635a0127ee2e53c712f70609649fdff22
8268436f8c4126196cf64b3c7ddbda90746a378625f9813dd9b8457077256731
2810e5cbc2cc4d4eece54f61c6f69758e289aa7ab440b3cbeaa21995c2f4232b
3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e
a45fdc55c76448c049a1ab33f17023edfb2be3581e9c7aade8a6125215e04220
d483fe813c6ba647ebbfd3ec41adca1c6130c2beeee9d9bf065c8d151c5f396e
8a2e1d30050198c65a54483123960ccc38aef6848e1ec8f5f780e8523769ba32
32888462f8b486c68ad7dd9610be5192bbeaf3b443951ac1a8118419d9fa097b
227142501b9d4355ccba290404bde41575b037693cef1f438c47f8fbf35d1165
5c37cc491da847cfeb9281d407efc41e15144c876e0170b499a96a22ed31e01e
445425117cb8c90edcbc7c1cc0e74f747f2c1efa5630a967c64f287792a48a4b
ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
'''.split()

# A.3: 64 bytes, in halves, and the element that they are mapped to.
DERIVED = [line.split() for line in '''
5d1be09e3d0c82fc538112490e35701979d99e06ca3e2b5b54bffe8b4dc772c1
4d98b696a1bbfb5ca32c436cc61c16563790306c79eaca7705668b47dffe5bb6
3066f82a1a747d45120d1740f14358531a8f04bbffe6a819f86dfe50f44a0a46

f116b34b8f17ceb56e8732a60d913dd10cce47a6d53bee9204be8b44f6678b27
0102a56902e2488c46120e9276cfe54638286b9e4b3cdb470b542d46c2068d38
f26e5b6f7d362d2d2a94c5d0e7602cb4773c95a2e5c31a64f133189fa76ed61b

8422e1bbdaab52938b81fd602effb6f89110e1e57208ad12d9ad767e2e25510c
27140775f9337088b982d83d7fcf0b2fa1edffe51952cbe7365e95c86eaf325c
006ccd2a9e6867e6a2c5cea83d3302cc9de128dd2a9a57dd8ee7b9d7ffe02826

ac22415129b61427bf464e17baee8db65940c233b98afce8d17c57beeb7876c2
150d15af1cb1fb824bbd14955f2b57d08d388aab431a391cfc33d5bafb5dbbaf
f8f0c87cf237953c5890aec3998169005dae3eca1fbb04548c635953c817f92a

165d697a1ef3d5cf3c38565beefcf88c0f282b8e7dbd28544c483432f1cec767
5debea8ebb4e5fe7d6f6e5db15f15587ac4d4d4a1de7191e0c1ca6664abcc413
ae81e7dedf20a497e10c304a765c1767a42d6e06029758d2d7e8ef7cc4c41179

a836e6c9a9ca9f1e8d486273ad56a78c70cf18f0ce10abb1c7172ddd605d7fd2
979854f47ae1ccf204a33102095b4200e5befc0465accc263175485f0e17ea5c
e2705652ff9f5e44d3e841bf1c251cf7dddb77d140870d1ab2ed64f1a9ce8628

2cdc11eaeb95daf01189417cdddbf95952993aa9cb9c640eb5058d09702c7462
2c9965a697a3b345ec24ee56335b556e677b30e6f90ac77d781064f866a3c982
80bd07262511cdde4863f8a7434cef696750681cb9510eea557088f76d9e5065

edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
304282791023b73128d277bdcb5c7746ef2eac08dde9f2983379cb8e5ef0517f

edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
304282791023b73128d277bdcb5c7746ef2eac08dde9f2983379cb8e5ef0517f

0000000000000000000000000000000000000000000000000000000000000080
ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
304282791023b73128d277bdcb5c7746ef2eac08dde9f2983379cb8e5ef0517f

0000000000000000000000000000000000000000000000000000000000000000
1200000000000000000000000000000000000000000000000000000000000080
304282791023b73128d277bdcb5c7746ef2eac08dde9f2983379cb8e5ef0517f
'''.strip().split('\n\n')]


def octets(text):
    return bytes.fromhex(''.join(text.split()))


# B.3 of the draft: CPACE-RISTR255-SHA512.
PRS = b'Password'
CI = b'\x0bA_initiator\x0bB_responder'
SID = octets('7e4b4791d6a8ef019b936c79fb7f2c57')
GENERATOR_STRING = octets(
    '11435061636552697374726574746f3235350850617373776f726464' + '00' * 100 +
    '180b415f696e69746961746f720b425f726573706f6e646572'
    '107e4b4791d6a8ef019b936c79fb7f2c57')
HASH = octets('''
da6d3ddc8802fca9058755ffd3ebde08a9c2c74945901a258482a288b6663af0
6bf645c93cd1c51512307199c80e84908916d983b34af77205f90851a657ee27''')
GENERATOR = octets(
    '222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56')
SCALAR_A = octets(
    'da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08')
SHARE_A = octets(
    'd6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157')
SCALAR_B = octets(
    'd2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d')
SHARE_B = octets(
    '3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258')
PRODUCT = octets(
    '80b69a8a76457ab6a4d7f887a4bf6b55a2f80ac19c333f917a05fc9887c8b40f')
ISK = octets('''
b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd
2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447''')
ISK_SYMMETRIC = octets('''
544199d71f62f8d9a1fee55727e24fe4a45844593c2b6013c4fa3969d0e5debb
2244675c0b43397cbb68d342b01fc0f98fc961469a25134de9f0f813c1a57476''')
SID_OUTPUT = octets('''
bb1c449b35f0ea79a65c209f329a693d475e0ce2387bed9fe4b78f60b2a27c21
9813fb2cfe175ef40d2222d9261e66da7d78f7c55a303b1b8611dcdfab880c47''')
SCALAR = octets(
    '7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05')
VALID = octets(
    '2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c')
VALID_PRODUCT = octets(
    '7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e')
INVALID_SHARES = [octets(
    '2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c'),
    bytes(32)]


def same(**pairs):
    """The names of those that are not (got, expected) alike."""
    return [f'{name}: {got.hex()}' for name, (got, expected) in pairs.items()
            if got != expected]


def is_refused(function, *arguments):
    try:
        function(*arguments)
    except cpace.Refused:
        return True
    return False


def check_group(checks):
    """RFC 9496 appendix A."""
    base = cpace.decode(octets(MULTIPLES[1]))
    checks.report('multiples_of_the_generator_are_encoded_and_decoded', [
        text for factor, text in enumerate(MULTIPLES)
        if cpace.encode(cpace.multiply(factor, base)).hex() != text or
        cpace.encode(cpace.decode(octets(text))).hex() != text])
    checks.report('the_order_times_the_generator_is_the_identity', same(
        product=(cpace.encode(cpace.multiply(cpace.ORDER, base)), bytes(32))))
    checks.report('what_is_no_encoding_is_refused', [
        text for text in [*INVALID, '', '00' * 31, '00' * 33]
        if not is_refused(cpace.decode, octets(text))])
    checks.report('uniform_bytes_are_mapped_to_the_elements_of_the_rfc', [
        first for first, second, expected in DERIVED
        if cpace.encode(cpace.derive(octets(first + second))).hex() !=
        expected])


def check_strings(checks):
    """The draft's strings and products."""
    scalar = int.from_bytes(SCALAR, 'little')
    checks.report('lengths_are_written_in_leb128', same(
        lv_cat=(cpace.lv_cat(b'1234', b'5', b'', b'678'),
                octets('043132333401350003363738')),
        short=(cpace.prepend_length(bytes(127))[:2], octets('7f00')),
        long=(cpace.prepend_length(bytes(128))[:3], octets('800100'))))
    checks.report('the_generator_is_that_of_the_draft', same(
        string=(cpace.generator_string(PRS, CI, SID), GENERATOR_STRING),
        hash=(cpace.sha512(GENERATOR_STRING), HASH),
        generator=(cpace.encode(cpace.derive(HASH)), GENERATOR)))
    checks.report('scalar_mult_vfy_is_that_of_the_draft', same(
        product=(cpace.scalar_mult_vfy(scalar, VALID), VALID_PRODUCT)))
    checks.report('invalid_shares_of_the_draft_are_refused', [
        share.hex() for share in INVALID_SHARES
        if not is_refused(cpace.scalar_mult_vfy, scalar, share)])


def sides(pin_a=PRS, pin_b=PRS):
    """Both sides of the draft's run."""
    return (cpace.Pake('initiator', pin_a, CI, SID, b'ADa',
                       int.from_bytes(SCALAR_A, 'little')),
            cpace.Pake('recipient', pin_b, CI, SID, b'ADb',
                       int.from_bytes(SCALAR_B, 'little')))


def check_runs(checks):
    """Whole runs."""
    a, b = sides()
    a.finish(b.share, b'ADb')
    b.finish(a.share, b'ADa')
    product = cpace.scalar_mult_vfy(a.scalar, b.share)
    ordered = max(a.own, b.own) + min(a.own, b.own)
    head = cpace.lv_cat(cpace.DSI + b'_ISK', SID, product)
    checks.report('the_run_of_the_draft_has_its_keys', same(
        share_a=(a.share, SHARE_A), share_b=(b.share, SHARE_B),
        product=(product, PRODUCT), isk_a=(a.isk, ISK), isk_b=(b.isk, ISK),
        symmetric=(cpace.sha512(head + b'oc' + ordered), ISK_SYMMETRIC),
        sid_output=(cpace.sha512(b'CPaceSidOutput' + a.own + b.own),
                    SID_OUTPUT)))
    checks.report('both_sides_are_convinced',
                  [] if a.check(b.tag()) and b.check(a.tag()) else ['no'])
    checks.report('a_side_does_not_prove_it_to_itself',
                  ['its own tag'] if a.check(a.tag()) else
                  [] if is_refused(a.finish, a.share, b'ADa') else
                  ['its own share'])
    a, b = sides('012345', '012346')
    a.finish(b.share, b'ADb')
    b.finish(a.share, b'ADa')
    checks.report('another_pin_convinces_nobody',
                  ['it does'] if a.check(b.tag()) or b.check(a.tag()) else [])


def main():
    """All checks."""
    checks = Checks()
    check_group(checks)
    check_strings(checks)
    check_runs(checks)
    return checks.done()
