package example.hallmark.payment;

import android.content.Intent;
import java.io.IOException;
import java.security.GeneralSecurityException;

/** Shows amount and payee; the PIN signs exactly what is shown. */
public final class ConfirmPage extends PinPage {
    static final String PAYEE = "payee";
    static final String FEN = "fen";

    private Order order;
    private PinLock lock;

    @Override
    void show() {
        super.show();
        lock = new PinLock(this);
        int payee = getIntent().getIntExtra(PAYEE, 0);
        order = Order.to(getResources().getStringArray(R.array.payee_ids)[payee],
                getResources().getStringArray(R.array.payee_names)[payee],
                getIntent().getLongExtra(FEN, 0));
    }

    @Override
    void begin() {
        ask("");
    }

    @Override
    void entered(Pin pin) throws GeneralSecurityException, IOException {
        if (lock.open(pin)) {
            SignedOrder.prepare(this, order);
            startActivity(new Intent(this, ResultPage.class));
            finish();
        } else if (lock.triesLeft() > 0) {
            ask(getString(R.string.wrong_pin, lock.triesLeft()) + "\n\n");
        } else {
            stop(getTitle(), getString(R.string.locked));
        }
    }

    private void ask(String notice) {
        ask(getTitle(), notice
                + getString(R.string.confirm_with_pin, order.amount(), order.payeeName, order.payeeId));
    }
}
