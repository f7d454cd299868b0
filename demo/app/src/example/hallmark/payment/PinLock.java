package example.hallmark.payment;

import android.content.Context;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.UnrecoverableKeyException;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;

/**
 * Opens with the right PIN. The last wrong try destroys the keys: no clock to turn back, no counter to wait out.
 *
 * <p>A try is counted before it is checked, so that killing the app in between gains nothing.
 */
final class PinLock {
    static final int TRIES = 5;

    enum State { NEW, READY, LOCKED }

    private static final String RECORD = "pin";

    private final Vault vault;

    PinLock(Context context) {
        vault = new Vault(context);
    }

    State state() throws GeneralSecurityException, IOException {
        if (!vault.holds(RECORD)) {
            return State.NEW;
        }
        return triesLeft() > 0 ? State.READY : State.LOCKED;
    }

    /** None when the key is gone or the record was altered. */
    int triesLeft() throws GeneralSecurityException, IOException {
        try {
            return TRIES - vault.read(RECORD)[0];
        } catch (UnrecoverableKeyException | AEADBadTagException e) {
            return 0;
        }
    }

    void enrol(Pin pin) throws GeneralSecurityException, IOException {
        DeviceKeys.create();
        write(0, DeviceKeys.check(pin));
    }

    boolean open(Pin pin) throws GeneralSecurityException, IOException {
        byte[] record = vault.read(RECORD);
        int tries = record[0] + 1;
        byte[] expected = Arrays.copyOfRange(record, 1, record.length);
        if (tries <= TRIES) {
            write(tries, expected);
            if (MessageDigest.isEqual(expected, DeviceKeys.check(pin))) {
                write(0, expected);
                return true;
            }
        }
        if (tries >= TRIES) {
            DeviceKeys.destroy();
        }
        return false;
    }

    private void write(int tries, byte[] check) throws GeneralSecurityException, IOException {
        byte[] record = new byte[1 + check.length];
        record[0] = (byte) tries;
        System.arraycopy(check, 0, record, 1, check.length);
        vault.write(RECORD, record);
    }
}
