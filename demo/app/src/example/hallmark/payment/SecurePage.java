package example.hallmark.payment;

import android.app.Activity;
import android.os.Bundle;
import android.view.WindowManager;

/** A page that cannot be captured or covered, and that a changed or debugged copy of the app does not show. */
abstract class SecurePage extends Activity {
    private boolean shown;

    @Override
    protected final void onCreate(Bundle saved) {
        super.onCreate(saved);
        getWindow().addFlags(WindowManager.LayoutParams.FLAG_SECURE);
        getWindow().getDecorView().setFilterTouchesWhenObscured(true);
        if (Integrity.altered(this) || Integrity.debugged(this)) {
            setContentView(R.layout.refused);
        } else if (needsLogin() && !Session.isOpen()) {
            finish();
        } else {
            shown = true;
            show();
        }
    }

    @Override
    protected final void onStart() {
        super.onStart();
        if (shown && Integrity.debugged(this)) {
            finish();
        } else if (shown) {
            started();
        }
    }

    /** Left behind, a page is gone: coming back means the PIN again. */
    @Override
    protected void onStop() {
        super.onStop();
        if (needsLogin() && !isChangingConfigurations()) {
            finish();
        }
    }

    /** Sets the page's content; called once. */
    abstract void show();

    /** Called each time the page comes into view. */
    void started() {}

    boolean needsLogin() {
        return true;
    }
}
