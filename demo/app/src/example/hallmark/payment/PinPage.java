package example.hallmark.payment;

import android.view.View;
import android.widget.TextView;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.ProviderException;

/** A page that asks for the PIN on a shuffled keypad and shows a dot for each digit. */
abstract class PinPage extends SecurePage implements Keypad.Listener {
    private final Pin pin = new Pin();

    /** Asks for the PIN, each time the page comes into view. */
    abstract void begin() throws GeneralSecurityException, IOException;

    /** Takes six digits; they are wiped when it returns. */
    abstract void entered(Pin pin) throws GeneralSecurityException, IOException;

    final void ask(CharSequence title, CharSequence message) {
        text(R.id.title).setText(title);
        text(R.id.message).setText(message);
        this.<Keypad>find(R.id.keypad).open(true, this);
        setEntry(View.VISIBLE);
        changed();
    }

    /** Says why no PIN is asked for. */
    final void stop(CharSequence title, CharSequence message) {
        text(R.id.title).setText(title);
        text(R.id.message).setText(message);
        setEntry(View.GONE);
    }

    @Override
    void show() {
        setContentView(R.layout.pin);
    }

    @Override
    final void started() {
        try {
            begin();
        } catch (GeneralSecurityException | ProviderException | IOException e) {
            stopWithoutStorage();
        }
    }

    @Override
    protected final void onStop() {
        pin.wipe();
        super.onStop();
    }

    @Override
    public final void digit(char digit) {
        pin.add(digit);
        changed();
    }

    @Override
    public final void erase() {
        pin.erase();
        changed();
    }

    @Override
    public final void done() {
        if (!pin.full()) {
            return;
        }
        try {
            entered(pin);
        } catch (GeneralSecurityException | ProviderException | IOException e) {
            stopWithoutStorage();
        } finally {
            pin.wipe();
            changed();
        }
    }

    private void stopWithoutStorage() {
        stop(getTitle(), getString(R.string.storage_failed));
    }

    private void setEntry(int visibility) {
        find(R.id.dots).setVisibility(visibility);
        find(R.id.keypad).setVisibility(visibility);
    }

    private void changed() {
        StringBuilder dots = new StringBuilder();
        for (int i = 0; i < Pin.LENGTH; i++) {
            dots.append(i < pin.length() ? '●' : '○');
        }
        text(R.id.dots).setText(dots);
        text(R.id.dots).setContentDescription(getString(R.string.digits_entered, pin.length(), Pin.LENGTH));
    }

    private TextView text(int id) {
        return find(id);
    }

    @SuppressWarnings("unchecked") // the layout says which view it is
    private <V extends View> V find(int id) {
        return (V) findViewById(id);
    }
}
