package example.hallmark.payment;

import android.view.View;
import android.widget.Button;
import android.widget.TextView;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.ProviderException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/** Sends the pending order and says what became of it; without an answer, the same order can be sent again. */
public final class ResultPage extends SecurePage {
    private static final Executor NETWORK = Executors.newSingleThreadExecutor();

    private SignedOrder signed;

    @Override
    void show() {
        setContentView(R.layout.result);
        try {
            signed = SignedOrder.pending(this);
        } catch (FileNotFoundException e) { // answered before the page was made anew
            finish();
            return;
        } catch (GeneralSecurityException | ProviderException | IOException e) {
            say(R.string.order_unreadable);
            return;
        }
        Order order = signed.order;
        ((TextView) find(R.id.order)).setText(
                getString(R.string.order, order.amount(), order.payeeName, order.payeeId, order.number));
        send();
    }

    private void send() {
        say(R.string.sending);
        find(R.id.next).setVisibility(View.INVISIBLE);
        NETWORK.execute(new Runnable() {
            @Override
            public void run() {
                final Acquirer.Answer answer = submit();
                runOnUiThread(new Runnable() {
                    @Override
                    public void run() {
                        answered(answer);
                    }
                });
            }
        });
    }

    /** An answer that could not be noted counts as none: sending again does no harm. */
    private Acquirer.Answer submit() {
        Acquirer.Answer answer = Acquirer.submit(signed.bytes);
        if (answer != Acquirer.Answer.NONE) {
            try {
                signed.settle(this);
            } catch (GeneralSecurityException | ProviderException | IOException e) {
                return Acquirer.Answer.NONE;
            }
        }
        return answer;
    }

    private void answered(Acquirer.Answer answer) {
        switch (answer) {
            case ACCEPTED:
                say(R.string.accepted);
                offer(R.string.done, false);
                break;
            case DECLINED:
                say(R.string.declined);
                offer(R.string.done, false);
                break;
            default:
                say(R.string.no_answer);
                offer(R.string.send_again, true);
        }
    }

    private void offer(int label, final boolean again) {
        Button next = (Button) find(R.id.next);
        next.setText(label);
        next.setVisibility(View.VISIBLE);
        next.setOnClickListener(new View.OnClickListener() {
            @Override
            public void onClick(View view) {
                if (again) {
                    send();
                } else {
                    finish();
                }
            }
        });
    }

    private void say(int message) {
        ((TextView) find(R.id.outcome)).setText(message);
    }

    private View find(int id) {
        return findViewById(id);
    }
}
