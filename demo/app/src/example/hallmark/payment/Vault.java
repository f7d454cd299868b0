package example.hallmark.payment;

import android.content.Context;
import android.util.AtomicFile;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/**
 * Small named records in the app's own folder, each sealed with AES-256-GCM under a Keystore key.
 *
 * <p>The Keystore draws a fresh random IV for every write; it is stored in front of the ciphertext. The record's name is
 * authenticated, so one record cannot stand in for another.
 */
final class Vault {
    private static final String CIPHER = "AES/GCM/NoPadding";
    private static final int IV_BYTES = 12;
    private static final int TAG_BITS = 128;

    private final File folder;

    Vault(Context context) {
        folder = context.getNoBackupFilesDir();
    }

    /** Whether there is such a record, an interrupted write's predecessor included. */
    boolean holds(String name) throws IOException {
        try {
            file(name).openRead().close();
            return true;
        } catch (FileNotFoundException e) {
            return false;
        }
    }

    /** The record; an error when it is absent, altered, or its key is gone. */
    byte[] read(String name) throws GeneralSecurityException, IOException {
        byte[] sealed = file(name).readFully();
        if (sealed.length < IV_BYTES) {
            throw new AEADBadTagException(name);
        }
        Cipher cipher = Cipher.getInstance(CIPHER);
        cipher.init(Cipher.DECRYPT_MODE, DeviceKeys.storage(), new GCMParameterSpec(TAG_BITS, sealed, 0, IV_BYTES));
        cipher.updateAAD(name.getBytes(StandardCharsets.UTF_8));
        return cipher.doFinal(sealed, IV_BYTES, sealed.length - IV_BYTES);
    }

    /** Replaces the record as a whole: after a crash it is the old one or the new one. */
    void write(String name, byte[] record) throws GeneralSecurityException, IOException {
        Cipher cipher = Cipher.getInstance(CIPHER);
        cipher.init(Cipher.ENCRYPT_MODE, DeviceKeys.storage());
        cipher.updateAAD(name.getBytes(StandardCharsets.UTF_8));
        byte[] ciphertext = cipher.doFinal(record);
        AtomicFile file = file(name);
        FileOutputStream out = file.startWrite();
        try {
            out.write(cipher.getIV());
            out.write(ciphertext);
        } catch (IOException e) {
            file.failWrite(out);
            throw e;
        }
        file.finishWrite(out);
    }

    void delete(String name) {
        file(name).delete();
    }

    private AtomicFile file(String name) {
        return new AtomicFile(new File(folder, name));
    }
}
