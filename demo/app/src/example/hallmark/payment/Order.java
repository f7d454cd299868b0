package example.hallmark.payment;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Locale;

/** What is paid to whom. The page shows these fields and the key signs these fields. */
final class Order {
    private static final String FORMAT = "reference-payment-order/1";
    private static final String CURRENCY = "CNY";

    final String number;
    final String payeeId;
    final String payeeName;
    final long fen;
    private final long time;

    private Order(String number, String payeeId, String payeeName, long fen, long time) {
        this.number = number;
        this.payeeId = payeeId;
        this.payeeName = payeeName;
        this.fen = fen;
        this.time = time;
    }

    /** A new order with a random 128-bit number: the acquirer pays a number at most once. */
    static Order to(String payeeId, String payeeName, long fen) {
        byte[] number = new byte[16];
        new SecureRandom().nextBytes(number);
        return new Order(String.format(Locale.ROOT, "%032x", new BigInteger(1, number)), payeeId, payeeName, fen,
                System.currentTimeMillis());
    }

    /** Reads what {@link #bytes} wrote; anything after it is ignored. */
    static Order read(byte[] bytes) {
        String[] line = new String(bytes, StandardCharsets.UTF_8).split("\n");
        return new Order(line[1], line[2], line[3], Long.parseLong(line[5]), Long.parseLong(line[6]));
    }

    /** One field a line, each line ended by a line feed. */
    byte[] bytes() {
        String text = FORMAT + '\n' + number + '\n' + payeeId + '\n' + payeeName + '\n' + CURRENCY + '\n' + fen + '\n'
                + time + '\n';
        return text.getBytes(StandardCharsets.UTF_8);
    }

    String amount() {
        return amount(fen);
    }

    static String amount(long fen) {
        return String.format(Locale.ROOT, "¥%,d.%02d", fen / 100, fen % 100);
    }
}
