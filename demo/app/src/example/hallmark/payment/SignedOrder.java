package example.hallmark.payment;

import android.content.Context;
import android.util.Base64;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;

/** An order with its signature, kept from before it is sent until the acquirer has answered. */
final class SignedOrder {
    static final String PENDING = "pending";

    final Order order;
    final byte[] bytes;

    private SignedOrder(byte[] bytes) {
        this.order = Order.read(bytes);
        this.bytes = bytes;
    }

    /** Signs the order and stores it: the order's lines, then the signature, then the public key, both in Base64. */
    static void prepare(Context context, Order order) throws GeneralSecurityException, IOException {
        byte[] message = order.bytes();
        String seal = base64(DeviceKeys.sign(message)) + '\n' + base64(DeviceKeys.publicKey()) + '\n';
        String text = new String(message, StandardCharsets.UTF_8) + seal;
        new Vault(context).write(PENDING, text.getBytes(StandardCharsets.UTF_8));
    }

    static SignedOrder pending(Context context) throws GeneralSecurityException, IOException {
        return new SignedOrder(new Vault(context).read(PENDING));
    }

    /** Forgets this order, and only this one: a late answer must not touch a newer order. */
    void settle(Context context) throws GeneralSecurityException, IOException {
        Vault vault = new Vault(context);
        if (vault.holds(PENDING) && Arrays.equals(vault.read(PENDING), bytes)) {
            vault.delete(PENDING);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.encodeToString(bytes, Base64.NO_WRAP);
    }
}
