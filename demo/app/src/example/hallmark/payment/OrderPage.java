package example.hallmark.payment;

import android.content.Intent;
import android.widget.Spinner;
import android.widget.TextView;

/** Whom to pay, and how much. */
public final class OrderPage extends SecurePage implements Keypad.Listener {
    private static final long LARGEST_FEN = 99_999_999;

    private long fen;

    @Override
    void show() {
        setContentView(R.layout.order);
        ((Keypad) findViewById(R.id.keypad)).open(false, this);
        changed();
    }

    @Override
    public void digit(char digit) {
        long longer = fen * 10 + (digit - '0');
        if (longer <= LARGEST_FEN) {
            fen = longer;
        }
        changed();
    }

    @Override
    public void erase() {
        fen /= 10;
        changed();
    }

    @Override
    public void done() {
        if (fen > 0) {
            int payee = ((Spinner) findViewById(R.id.payee)).getSelectedItemPosition();
            startActivity(new Intent(this, ConfirmPage.class)
                    .putExtra(ConfirmPage.PAYEE, payee)
                    .putExtra(ConfirmPage.FEN, fen));
        }
    }

    private void changed() {
        ((TextView) findViewById(R.id.amount)).setText(Order.amount(fen));
    }
}
