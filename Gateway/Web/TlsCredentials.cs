using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorRaid.Gateway.Settings;

namespace ActorRaid.Gateway.Web;

/// <summary>What TLS needs: our certificate, and whose certificates are let in.</summary>
internal sealed class TlsCredentials : IDisposable
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2"; // RFC 5280, 4.2.1.12

    private readonly SslStreamCertificateContext _context;

    private TlsCredentials(X509Certificate2Collection chain, X509Certificate2Collection? authorities)
    {
        (Chain, Authorities) = (chain, authorities);
        _context = SslStreamCertificateContext.Create(chain[0], chain, offline: true);
    }

    /// <summary>Our certificate first, then what leads to its root.</summary>
    internal X509Certificate2Collection Chain { get; }

    /// <summary>Who may have signed a client's certificate; null: clients need none.</summary>
    internal X509Certificate2Collection? Authorities { get; }

    /// <summary>Reads the files that the settings name; null: they name none. Throws <see cref="InvalidDataException"/> with the reason.</summary>
    internal static TlsCredentials? Load(GatewaySettings settings)
    {
        if (settings is not { Certificate: { } certificate, CertificateKey: { } key })
            return null;
        var chain = Certificates("certificate", certificate);
        var own = Read("certificateKey", key, path =>
        {
            using var bare = X509Certificate2.CreateFromPemFile(certificate, path);
            // The TLS library wants the key as it comes from a file of this kind.
            return X509CertificateLoader.LoadPkcs12(bare.Export(X509ContentType.Pkcs12), null);
        });
        chain[0].Dispose();
        chain[0] = own;
        return new TlsCredentials(chain, settings.ClientAuthorities is { } path ? Certificates("clientAuthorities", path) : null);
    }

    /// <summary>How connections begin.</summary>
    internal SslServerAuthenticationOptions Options() => new()
    {
        ServerCertificateContext = _context,
        ClientCertificateRequired = Authorities is not null,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => Authorities is null || IsLetIn(certificate as X509Certificate2),
        EnabledSslProtocols = System.Security.Authentication.SslProtocols.Tls12 | System.Security.Authentication.SslProtocols.Tls13,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var certificate in Chain.Concat(Authorities ?? []))
            certificate.Dispose();
    }

    /// <summary>Whether one of the authorities signed it, for clients, and it is valid now.</summary>
    internal bool IsLetIn(X509Certificate2? certificate)
    {
        if (certificate is null)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(Authorities!);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate);
    }

    private static X509Certificate2Collection Certificates(string key, string path) => Read(key, path, _ =>
    {
        var found = new X509Certificate2Collection();
        found.ImportFromPemFile(path);
        return found.Count > 0 ? found : throw new CryptographicException("no certificate is in it");
    });

    private static T Read<T>(string key, string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new InvalidDataException($"{key}: {path} cannot be used: {e.Message}", e);
        }
    }
}
