package example.hallmark.payment;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** The platform's TLS without the versions before 1.2, which Android 9 still offers. */
final class ModernTls extends SSLSocketFactory {
    private static final List<String> VERSIONS = Arrays.asList("TLSv1.3", "TLSv1.2");

    private final SSLSocketFactory platform;

    ModernTls(SSLSocketFactory platform) {
        this.platform = platform;
    }

    @Override
    public String[] getDefaultCipherSuites() {
        return platform.getDefaultCipherSuites();
    }

    @Override
    public String[] getSupportedCipherSuites() {
        return platform.getSupportedCipherSuites();
    }

    @Override
    public Socket createSocket() throws IOException {
        return modern(platform.createSocket());
    }

    @Override
    public Socket createSocket(Socket socket, String host, int port, boolean close) throws IOException {
        return modern(platform.createSocket(socket, host, port, close));
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        return modern(platform.createSocket(host, port));
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
        return modern(platform.createSocket(host, port, local, localPort));
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return modern(platform.createSocket(host, port));
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) throws IOException {
        return modern(platform.createSocket(host, port, local, localPort));
    }

    private static Socket modern(Socket socket) {
        SSLSocket tls = (SSLSocket) socket;
        List<String> versions = new ArrayList<>(VERSIONS);
        versions.retainAll(Arrays.asList(tls.getSupportedProtocols()));
        tls.setEnabledProtocols(versions.toArray(new String[0]));
        return tls;
    }
}
