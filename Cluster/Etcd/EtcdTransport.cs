using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ActorRaid.Cluster.Etcd;

/// <summary>HTTP to etcd: certificates, and nothing that would wait or follow by itself.</summary>
public static class EtcdTransport
{
    /// <summary>A client for these options. A certificate that cannot be read is an <see cref="EtcdException"/>.</summary>
    public static HttpClient Create(EtcdOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = options.CallLimit,
            // A name may come to mean another address.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = 64,
            SslOptions = Tls(options),
        };
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    private static SslClientAuthenticationOptions Tls(EtcdOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (options.Authority is { } authority)
        {
            // Private authorities publish no revocation lists as a rule.
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            Read(authority, "the authorities", () => tls.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(authority));
            if (tls.CertificateChainPolicy.CustomTrustStore.Count == 0)
                throw new EtcdException(EtcdFault.Authentication, $"{authority}: there is no certificate in it: PEM is expected");
        }
        if (options.Certificate is { } certificate)
            Read(certificate, "our certificate", () =>
                tls.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, options.Key ?? certificate)]);
        return tls;
    }

    private static void Read(string path, string what, Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new EtcdException(EtcdFault.Authentication, $"{path}: {what} cannot be read: {e.Message}", e);
        }
    }
}
