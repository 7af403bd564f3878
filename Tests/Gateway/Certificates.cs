using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ActorRaid.Tests.Gateway;

/// <summary>An authority, and certificates of it, made for one test.</summary>
public sealed class Certificates
{
    private const string ForServers = "1.3.6.1.5.5.7.3.1", ForClients = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 _authority;
    private readonly string _folder;

    /// <summary>Makes the authority, and its file.</summary>
    public Certificates(string folder, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(10));
        _folder = folder;
        File = Path.Combine(folder, name + ".pem");
        System.IO.File.WriteAllText(File, _authority.ExportCertificatePem());
    }

    /// <summary>The authority's own certificate, PEM.</summary>
    public string File { get; }

    /// <summary>For 127.0.0.1: the files of certificate and key.</summary>
    public (string Certificate, string Key) Server()
    {
        using var made = Make("server", ForServers, 5);
        var (certificate, key) = (Path.Combine(_folder, "server.pem"), Path.Combine(_folder, "server.key"));
        System.IO.File.WriteAllText(certificate, made.ExportCertificatePem());
        System.IO.File.WriteAllText(key, made.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        return (certificate, key);
    }

    /// <summary>For a client.</summary>
    public X509Certificate2 Client() => Make("client", ForClients, 5);

    /// <summary>One that was for a client, until yesterday.</summary>
    public X509Certificate2 Expired() => Make("expired", ForClients, -1);

    /// <summary>One that is for servers.</summary>
    public X509Certificate2 NotForClients() => Make("other", ForServers, 5);

    private X509Certificate2 Make(string name, string purpose, int days)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var bare = request.Create(_authority, DateTimeOffset.UtcNow.AddDays(-5), DateTimeOffset.UtcNow.AddDays(days), RandomNumberGenerator.GetBytes(8));
        using var whole = bare.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }
}
