package example.hallmark.payment;

import android.app.AlertDialog;
import android.content.Intent;
import java.io.IOException;
import java.security.GeneralSecurityException;

/** The way in: choose a PIN once, enter it each time. */
public final class LoginPage extends PinPage {
    private final Pin chosen = new Pin();
    private PinLock lock;

    @Override
    boolean needsLogin() {
        return false;
    }

    @Override
    void show() {
        super.show();
        lock = new PinLock(this);
        if (Integrity.rooted() || Integrity.emulated()) {
            new AlertDialog.Builder(this)
                    .setMessage(R.string.unsafe_device)
                    .setPositiveButton(android.R.string.ok, null)
                    .show();
        }
    }

    @Override
    void begin() throws GeneralSecurityException, IOException {
        Session.close();
        chosen.wipe();
        switch (lock.state()) {
            case NEW:
                ask(getString(R.string.privacy) + "\n\n" + getString(R.string.choose_pin));
                break;
            case READY:
                ask(getString(R.string.enter_pin));
                break;
            default:
                stop(getTitle(), getString(R.string.locked));
        }
    }

    @Override
    void entered(Pin pin) throws GeneralSecurityException, IOException {
        if (lock.state() == PinLock.State.NEW) {
            choose(pin);
        } else if (lock.open(pin)) {
            enter();
        } else if (lock.triesLeft() > 0) {
            ask(getString(R.string.wrong_pin, lock.triesLeft()));
        } else {
            stop(getTitle(), getString(R.string.locked));
        }
    }

    private void choose(Pin pin) throws GeneralSecurityException, IOException {
        if (pin.weak()) {
            ask(getString(R.string.weak_pin));
        } else if (chosen.length() == 0) {
            chosen.copyFrom(pin);
            ask(getString(R.string.repeat_pin));
        } else if (chosen.sameAs(pin)) {
            chosen.wipe();
            lock.enrol(pin);
            enter();
        } else {
            chosen.wipe();
            ask(getString(R.string.pins_differ));
        }
    }

    /** To an order whose outcome is not known yet, if there is one, before any new order. */
    private void enter() throws IOException {
        Session.open();
        boolean pending = new Vault(this).holds(SignedOrder.PENDING);
        startActivity(new Intent(this, pending ? ResultPage.class : OrderPage.class));
    }

    private void ask(CharSequence message) {
        ask(getTitle(), message);
    }
}
