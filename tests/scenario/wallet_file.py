"""The wallet's file, read from formats.md alone: SQLite, libsodium, libcrypto.

It shares no code with libtigress.
"""
import ctypes
import ctypes.util
import sqlite3

IV, TAG, KEY, SET_TAG = 12, 16, 32, 0x11
ARGON2ID13 = 2
NUMBERS = ('revision', 'role', 'state', 'created_s', 'expires_s',
           'pending_verb', 'pending_state')


class Refused(Exception):
    """The seal is not that of this key and place."""


def argon2id(passphrase, salt, memory_kib, passes):
    """The key of a passphrase."""
    sodium = ctypes.CDLL(ctypes.util.find_library('sodium'))
    assert sodium.sodium_init() >= 0
    out = ctypes.create_string_buffer(KEY)
    assert sodium.crypto_pwhash_argon2id(
        out, ctypes.c_ulonglong(KEY), passphrase,
        ctypes.c_ulonglong(len(passphrase)), salt, ctypes.c_ulonglong(passes),
        ctypes.c_size_t(memory_kib * 1024), ARGON2ID13) == 0
    return out.raw


def unseal(key, sealed, place):
    """The plaintext of IV, ciphertext and tag."""
    lib = ctypes.CDLL(ctypes.util.find_library('crypto'))
    lib.EVP_aes_256_gcm.restype = ctypes.c_void_p
    lib.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
    context = ctypes.c_void_p(lib.EVP_CIPHER_CTX_new())
    data, tag = sealed[IV:-TAG], sealed[-TAG:]
    out, size = ctypes.create_string_buffer(len(data) + TAG), ctypes.c_int()
    end = ctypes.c_int()
    try:
        done = lib.EVP_DecryptInit_ex(
            context, ctypes.c_void_p(lib.EVP_aes_256_gcm()), None, key,
            sealed[:IV])
        done &= lib.EVP_DecryptUpdate(context, None, ctypes.byref(end), place,
                                      len(place))
        done &= lib.EVP_DecryptUpdate(context, out, ctypes.byref(size), data,
                                      len(data))
        done &= lib.EVP_CIPHER_CTX_ctrl(context, SET_TAG, TAG, tag)
        done &= lib.EVP_DecryptFinal_ex(context,
                                        ctypes.create_string_buffer(TAG),
                                        ctypes.byref(end))
    finally:
        lib.EVP_CIPHER_CTX_free(context)
    if done != 1:
        raise Refused(place.decode())
    return out.raw[:size.value]


class Wallet:
    """A wallet, opened."""

    def __init__(self, path, passphrase=None):
        self.db = sqlite3.connect(f'file:{path}?mode=ro', uri=True)
        self.db.row_factory = sqlite3.Row
        ring, = self.db.execute('SELECT * FROM keyring')
        if ring['kdf'] == 'none':
            self.key = ring['key']
            return
        assert ring['kdf'] == 'argon2id', ring['kdf']
        outer = argon2id(passphrase, ring['salt'], ring['memory_kib'],
                         ring['passes'])
        self.key = unseal(outer, ring['key'],
                          f'keyring/{ring["generation"]}'.encode())

    def shares(self):
        """{id: {column: value}}, the values in the clear."""
        return {row['id']: self.share(row)
                for row in self.db.execute('SELECT * FROM share')}

    def share(self, row):
        numbers = ''.join(f'/{row[name]}' for name in NUMBERS)
        return {name: unseal(self.key, row[name],
                             f'share/{row["id"]}/{name}{numbers}'.encode())
                if isinstance(row[name], bytes) else row[name]
                for name in row.keys()}

    def share_data(self):
        """{(share, name): value}"""
        return {(row['share'], row['name']):
                unseal(self.key, row['value'],
                       f'share_data/{row["share"]}/{row["name"]}'.encode())
                for row in self.db.execute('SELECT * FROM share_data')}

    def wallet_data(self):
        """{name: value}"""
        return {row['name']: unseal(self.key, row['value'],
                                    f'wallet_data/{row["name"]}'.encode())
                for row in self.db.execute('SELECT * FROM wallet_data')}
