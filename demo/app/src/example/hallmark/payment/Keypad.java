package example.hallmark.payment;

import android.content.Context;
import android.util.AttributeSet;
import android.view.View;
import android.widget.Button;
import android.widget.GridLayout;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** The app's own digits: no keyboard of another app ever sees an amount or a PIN. */
public final class Keypad extends GridLayout {
    interface Listener {
        void digit(char digit);

        void erase();

        void done();
    }

    private static final String ERASE = "⌫";
    private static final String DONE = "✓";

    private Listener listener;

    public Keypad(Context context, AttributeSet attributes) {
        super(context, attributes);
        setColumnCount(3);
    }

    /** Lays the keys out, the digits in order or in an order drawn now so that finger marks tell nothing. */
    void open(boolean shuffled, Listener listener) {
        this.listener = listener;
        List<String> digits = new ArrayList<>(Arrays.asList("1", "2", "3", "4", "5", "6", "7", "8", "9", "0"));
        if (shuffled) {
            Collections.shuffle(digits, new SecureRandom());
        }
        List<String> keys = new ArrayList<>(digits.subList(0, 9));
        keys.addAll(Arrays.asList(ERASE, digits.get(9), DONE));
        removeAllViews();
        for (String key : keys) {
            addView(button(key));
        }
    }

    private Button button(final String key) {
        Button button = new Button(getContext());
        button.setText(key);
        button.setTextSize(24);
        if (key.equals(ERASE)) {
            button.setContentDescription(getContext().getString(R.string.erase));
        } else if (key.equals(DONE)) {
            button.setContentDescription(getContext().getString(R.string.done));
        }
        LayoutParams place = new LayoutParams(spec(UNDEFINED, 1f), spec(UNDEFINED, 1f));
        place.width = 0;
        button.setLayoutParams(place);
        button.setOnClickListener(new OnClickListener() {
            @Override
            public void onClick(View view) {
                press(key);
            }
        });
        return button;
    }

    private void press(String key) {
        if (key.equals(ERASE)) {
            listener.erase();
        } else if (key.equals(DONE)) {
            listener.done();
        } else {
            listener.digit(key.charAt(0));
        }
    }
}
