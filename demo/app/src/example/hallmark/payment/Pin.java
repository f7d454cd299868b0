package example.hallmark.payment;

import java.util.Arrays;

/** Six digits being entered. They live in one array, never in a String, so they can be wiped. */
final class Pin {
    static final int LENGTH = 6;

    private final byte[] digits = new byte[LENGTH];
    private int length;

    void add(char digit) {
        if (length < LENGTH) {
            digits[length++] = (byte) digit;
        }
    }

    void erase() {
        if (length > 0) {
            digits[--length] = 0;
        }
    }

    void wipe() {
        Arrays.fill(digits, (byte) 0);
        length = 0;
    }

    int length() {
        return length;
    }

    boolean full() {
        return length == LENGTH;
    }

    /** The digits themselves, for the key that checks them; do not keep them. */
    byte[] digits() {
        return digits;
    }

    void copyFrom(Pin other) {
        System.arraycopy(other.digits, 0, digits, 0, LENGTH);
        length = other.length;
    }

    boolean sameAs(Pin other) {
        return length == other.length && Arrays.equals(digits, other.digits);
    }

    /** All digits equal, or each one more or each one less than the one before. */
    boolean weak() {
        int step = digits[1] - digits[0];
        for (int i = 2; i < LENGTH; i++) {
            if (digits[i] - digits[i - 1] != step) {
                return false;
            }
        }
        return step >= -1 && step <= 1;
    }
}
