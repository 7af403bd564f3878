using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorRaid.Cluster;
using ActorRaid.Cluster.Etcd;
using ActorRaid.Reporting;
using Xunit;

namespace ActorRaid.Tests.Cluster;

/// <summary>Who may do what, with a real etcd that checks it.</summary>
public sealed class SecurityTests
{
    /// <summary>With the roles that are documented a host writes its own keys, reads all, and cannot write another's: not its state, not its life, not its events.</summary>
    [Fact]
    public async Task A_forged_write_fails()
    {
        using var servers = await EtcdServers.Start();
        var keys = new ClusterKeys();
        foreach (var host in (string[])["web1", "web10"])
        {
            servers.Ctl($"user add actorraid-{host}:secret-{host}");
            foreach (var command in keys.RoleCommands(host))
                servers.Ctl(command);
        }
        servers.Ctl("user add root:root");
        servers.Ctl("user grant-role root root");
        servers.Ctl("auth enable");

        var one = servers.Options with { User = "actorraid-web1", Password = "secret-web1" };
        await using var client = Running.Client(one);
        await using var first = Running.Host(one, Samples.Host("web1"));
        await using var second = Running.Host(servers.Options with { User = "actorraid-web10", Password = "secret-web10" }, Samples.Host("web10", health: Health.Degraded));
        first.Publisher.Publish(Samples.Event(1));
        await Until.Seen([client], view => view.Summary == "2 hosts: 1 degraded, 1 ok", "both write their own, and the first reads both");
        await Until.Seconds(() => first.Publisher.Report is { Published: true, Puts: >= 2 }, "its event is there", found: () => $"{first.Publisher.Report}");

        using (var forger = new EtcdClient(one))
        {
            foreach (var key in (byte[][])[keys.Last("web10"), keys.Live("web10"), keys.Event("web10", 0), keys.Last("web100"), EtcdClientTests.Key("/other")])
                Assert.Equal(EtcdFault.NotAllowed, (await EtcdClientTests.Fault(() => EtcdClientTests.Put(forger, key, "forged"))).Fault);
            Assert.Equal(EtcdFault.NotAllowed, (await EtcdClientTests.Fault(() => forger.Delete(new EtcdDeleteRequest(keys.Last("web10")), CancellationToken.None))).Fault);
        }
        await using (var liar = Running.Host(one, Samples.Host("web10"), machine: "m-web10"))
            await Until.Seconds(() => liar.Publisher.Report.Trouble?.Contains("roles do not allow", StringComparison.Ordinal) == true, "the liar is told", found: () => $"{liar.Publisher.Report}");
        Assert.Equal("2 hosts: 1 degraded, 1 ok", client.View.Summary);
        Assert.Contains("permission denied", servers.Ctl("--user actorraid-web1:secret-web1 put /actorraid/v1/last/web10 forged", mayFail: true));

        using (var stranger = new EtcdClient(servers.Options with { User = "actorraid-web1", Password = "wrong" }))
            Assert.Contains("password is wrong", (await EtcdClientTests.Fault(() => stranger.Range(new EtcdRangeRequest(keys.Last("web1")), CancellationToken.None))).Message);
        using (var nobody = new EtcdClient(servers.Options))
            Assert.Contains("wants a user", (await EtcdClientTests.Fault(() => nobody.Range(new EtcdRangeRequest(keys.Last("web1")), CancellationToken.None))).Message);

        // A restart forgets all tokens.
        servers.Kill(0);
        await Until.Seconds(() => client.View.Trouble is not null, "etcd is gone");
        servers.StartMember(0);
        first.Publisher.Publish(Samples.Host("web1", health: Health.Rebuilding), null);
        await Until.Seen([client], view => view.Summary == "2 hosts: 1 degraded, 1 rebuilding", "with a new token");
    }

    /// <summary>Over TLS both sides want a certificate of their own authority: a foreign one, or none, is refused on either side.</summary>
    [Fact]
    public async Task A_foreign_certificate_is_refused()
    {
        using var directory = new Pki();
        var (ours, theirs) = (directory.Authority("ours"), directory.Authority("theirs"));
        var (server, client, foreign) = (ours.Issue("server"), ours.Issue("client"), theirs.Issue("foreign"));
        using var servers = await EtcdServers.Start(
            1, "https", "--client-cert-auth", "--trusted-ca-file", ours.Certificate, "--cert-file", server.Certificate, "--key-file", server.Key);
        var good = servers.Options with { Authority = ours.Certificate, Certificate = client.Certificate, Key = client.Key };
        await using var host = Running.Host(good, Samples.Host("web1"));
        await using var watcher = Running.Client(good);
        await Until.Seen([watcher], view => view.Summary == "1 host: 1 ok", "with our certificate");

        foreach (var bad in (EtcdOptions[])[
            good with { Authority = theirs.Certificate }, good with { Authority = null }, good with { Certificate = foreign.Certificate, Key = foreign.Key },
            good with { Certificate = null, Key = null }, servers.Options with { Endpoints = [new Uri($"http://127.0.0.1:{servers.Endpoint(0).Port}")] }])
        {
            using var etcd = new EtcdClient(bad);
            var fault = await EtcdClientTests.Fault(() => EtcdClientTests.Put(etcd, EtcdClientTests.Key("x"), "x"));
            Assert.True(fault.Fault is EtcdFault.Unreachable or EtcdFault.BadAnswer, $"{fault.Fault}: {fault.Message}");
        }
        foreach (var unreadable in (EtcdOptions[])[good with { Authority = "/nowhere.pem" }, good with { Certificate = client.Key }, good with { Key = foreign.Key }])
            Assert.Contains(".pem", Assert.Throws<EtcdException>(() => new EtcdClient(unreadable)).Message);
        Assert.Equal("1 host: 1 ok", watcher.View.Summary);
    }
}

/// <summary>Authorities and certificates in a temporary directory.</summary>
internal sealed class Pki : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("actorraid-pki-").FullName;

    internal Issuer Authority(string name)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        return new Issuer(_directory, certificate, Write(_directory, name, certificate.ExportCertificatePem()));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static string Write(string directory, string name, string pem)
    {
        var path = Path.Combine(directory, name + ".pem");
        File.WriteAllText(path, pem);
        return path;
    }

    /// <summary>An authority.</summary>
    internal sealed record Issuer(string Directory, X509Certificate2 Signer, string Certificate)
    {
        internal (string Certificate, string Key) Issue(string name)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            // etcd takes the name in a certificate for a user's; without one, there is none.
            var request = new CertificateRequest("O=" + name, key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
            using var certificate = request.Create(Signer, DateTimeOffset.UtcNow.AddMinutes(-30), DateTimeOffset.UtcNow.AddMinutes(30), RandomNumberGenerator.GetBytes(8));
            return (Write(Directory, name, certificate.ExportCertificatePem()), Write(Directory, name + "-key", key.ExportPkcs8PrivateKeyPem()));
        }
    }
}
