package example.hallmark.payment;

import android.security.keystore.KeyGenParameterSpec;
import android.security.keystore.KeyProperties;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import javax.crypto.KeyGenerator;
import javax.crypto.Mac;

/** The three keys of this installation. The Android Keystore makes them, uses them and never gives them out. */
final class DeviceKeys {
    private static final String STORE = "AndroidKeyStore";
    private static final String STORAGE = "storage";
    private static final String PIN = "pin";
    private static final String ORDER = "order";
    private static final String MAC = KeyProperties.KEY_ALGORITHM_HMAC_SHA256;
    private static final String SIGNATURE = "SHA256withECDSA";

    private DeviceKeys() {}

    static void create() throws GeneralSecurityException {
        generate(KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, STORE),
                new KeyGenParameterSpec.Builder(STORAGE, KeyProperties.PURPOSE_ENCRYPT | KeyProperties.PURPOSE_DECRYPT)
                        .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
                        .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                        .setRandomizedEncryptionRequired(true)
                        .setKeySize(256)
                        .build());
        generate(KeyGenerator.getInstance(MAC, STORE),
                new KeyGenParameterSpec.Builder(PIN, KeyProperties.PURPOSE_SIGN).setKeySize(256).build());
        KeyPairGenerator pair = KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, STORE);
        pair.initialize(new KeyGenParameterSpec.Builder(ORDER, KeyProperties.PURPOSE_SIGN)
                .setAlgorithmParameterSpec(new ECGenParameterSpec("secp256r1"))
                .setDigests(KeyProperties.DIGEST_SHA256)
                .build());
        pair.generateKeyPair();
    }

    /** After this nothing stored can be read and nothing can be signed: there is no copy of these keys. */
    static void destroy() throws GeneralSecurityException {
        KeyStore store = store();
        for (String name : new String[] {ORDER, PIN, STORAGE}) {
            store.deleteEntry(name);
        }
    }

    static Key storage() throws GeneralSecurityException {
        return key(STORAGE);
    }

    /** The check value of a PIN: HMAC-SHA-256 under a key that stays here, so it cannot be guessed elsewhere. */
    static byte[] check(Pin pin) throws GeneralSecurityException {
        Mac mac = Mac.getInstance(MAC);
        mac.init(key(PIN));
        return mac.doFinal(pin.digits());
    }

    static byte[] sign(byte[] message) throws GeneralSecurityException {
        Signature signature = Signature.getInstance(SIGNATURE);
        signature.initSign((PrivateKey) key(ORDER));
        signature.update(message);
        return signature.sign();
    }

    /** The public half of the order key, as SubjectPublicKeyInfo. */
    static byte[] publicKey() throws GeneralSecurityException {
        Certificate certificate = store().getCertificate(ORDER);
        if (certificate == null) {
            throw new UnrecoverableKeyException(ORDER);
        }
        return certificate.getPublicKey().getEncoded();
    }

    private static void generate(KeyGenerator generator, AlgorithmParameterSpec spec)
            throws GeneralSecurityException {
        generator.init(spec);
        generator.generateKey();
    }

    private static Key key(String name) throws GeneralSecurityException {
        Key key = store().getKey(name, null);
        if (key == null) {
            throw new UnrecoverableKeyException(name);
        }
        return key;
    }

    private static KeyStore store() throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(STORE);
        try {
            store.load(null);
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
        return store;
    }
}
