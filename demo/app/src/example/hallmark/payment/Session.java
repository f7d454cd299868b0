package example.hallmark.payment;

/** Whether the PIN was entered since the login page was last seen. Lost with the process, on purpose. */
final class Session {
    private static boolean open;

    private Session() {}

    static void open() {
        open = true;
    }

    static void close() {
        open = false;
    }

    static boolean isOpen() {
        return open;
    }
}
