package example.hallmark.payment;

import android.content.Context;
import android.content.pm.ApplicationInfo;
import android.content.pm.PackageInfo;
import android.content.pm.PackageManager;
import android.os.Build;
import android.os.Debug;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Honest, simple checks of this copy and this device.
 *
 * <p>They stop the careless and inform the careful. Whoever can change the app can remove them; only the acquirer, with
 * the platform's attestation of the order key, could be sure.
 */
final class Integrity {
    private static final String[] SU = {
        "/system/bin/su", "/system/xbin/su", "/sbin/su", "/vendor/bin/su", "/su/bin/su", "/data/local/xbin/su",
        "/sbin/.magisk", "/data/adb/magisk",
    };

    private Integrity() {}

    /** Not signed with exactly the certificate that the owner put into res/raw/owner. */
    @SuppressWarnings("deprecation") // the list of signers that every supported Android knows
    static boolean altered(Context context) {
        try {
            PackageInfo info = context.getPackageManager()
                    .getPackageInfo(context.getPackageName(), PackageManager.GET_SIGNATURES);
            return info.signatures.length != 1
                    || !Arrays.equals(info.signatures[0].toByteArray(), ownerCertificate(context));
        } catch (PackageManager.NameNotFoundException | IOException e) {
            return true;
        }
    }

    static boolean debugged(Context context) {
        boolean debuggable = (context.getApplicationInfo().flags & ApplicationInfo.FLAG_DEBUGGABLE) != 0;
        return debuggable || Debug.isDebuggerConnected() || Debug.waitingForDebugger();
    }

    static boolean rooted() {
        for (String path : SU) {
            if (new File(path).exists()) {
                return true;
            }
        }
        return Build.TAGS != null && Build.TAGS.contains("test-keys");
    }

    static boolean emulated() {
        return Build.FINGERPRINT.startsWith("generic")
                || Build.HARDWARE.equals("goldfish")
                || Build.HARDWARE.equals("ranchu");
    }

    private static byte[] ownerCertificate(Context context) throws IOException {
        try (InputStream in = context.getResources().openRawResource(R.raw.owner)) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] part = new byte[1024];
            for (int n = in.read(part); n >= 0; n = in.read(part)) {
                out.write(part, 0, n);
            }
            return out.toByteArray();
        }
    }
}
