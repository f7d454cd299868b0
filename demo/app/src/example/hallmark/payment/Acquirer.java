package example.hallmark.payment;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import javax.net.ssl.HttpsURLConnection;

/** The acquirer's door: one address, TLS 1.2 or later, certificates checked by the platform. */
final class Acquirer {
    enum Answer { ACCEPTED, DECLINED, NONE }

    /** A reserved name (RFC 2606): the reference app pays nobody. */
    private static final String ADDRESS = "https://acquirer.example/orders";

    private static final int TIMEOUT_MS = 10_000;

    private Acquirer() {}

    /** 200 is yes and 402 is no; anything else leaves the outcome open. */
    static Answer submit(byte[] signedOrder) {
        try {
            HttpsURLConnection connection = (HttpsURLConnection) new URL(ADDRESS).openConnection();
            try {
                connection.setSSLSocketFactory(new ModernTls(HttpsURLConnection.getDefaultSSLSocketFactory()));
                connection.setInstanceFollowRedirects(false);
                connection.setConnectTimeout(TIMEOUT_MS);
                connection.setReadTimeout(TIMEOUT_MS);
                connection.setRequestMethod("POST");
                connection.setRequestProperty("Content-Type", "text/plain; charset=utf-8");
                connection.setDoOutput(true);
                connection.setFixedLengthStreamingMode(signedOrder.length);
                try (OutputStream out = connection.getOutputStream()) {
                    out.write(signedOrder);
                }
                return answer(connection.getResponseCode());
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            return Answer.NONE;
        }
    }

    private static Answer answer(int status) {
        switch (status) {
            case HttpsURLConnection.HTTP_OK:
                return Answer.ACCEPTED;
            case HttpsURLConnection.HTTP_PAYMENT_REQUIRED:
                return Answer.DECLINED;
            default:
                return Answer.NONE;
        }
    }
}
