using System.Collections.Immutable;
using ActorRaid.Cluster;
using ActorRaid.Cluster.Etcd;
using ActorRaid.Gateway.Settings;
using ActorRaid.Reporting.Settings;

namespace ActorRaid.Gateway.Cluster;

/// <summary>The cluster that this host belongs to: none, unless <see cref="Endpoints"/> are given.</summary>
internal sealed record ClusterSettings
{
    private const int LongestPassword = 1024;

    /// <summary>etcd's members.</summary>
    internal ImmutableArray<Uri> Endpoints { get; init; } = [];

    /// <summary>Under which this host is published; null: the machine's own name.</summary>
    internal string? Host { get; init; }

    /// <summary>Before all keys.</summary>
    internal string Prefix { get; init; } = ClusterKeys.DefaultPrefix;

    /// <summary>Who we are to etcd's access rules; null: nobody.</summary>
    internal string? User { get; init; }

    /// <summary>A file with the user's password.</summary>
    internal string? PasswordFile { get; init; }

    /// <summary>The authorities that etcd's certificates must come from, PEM; null: the system's.</summary>
    internal string? Authorities { get; init; }

    /// <summary>The client certificate that etcd may ask for, PEM.</summary>
    internal string? Certificate { get; init; }

    /// <summary>Its key, PEM.</summary>
    internal string? CertificateKey { get; init; }

    /// <summary>After how long without a sign of life the others take this host for lost.</summary>
    internal int LeaseSeconds { get; init; } = 10;

    /// <summary>Under which name this host is published.</summary>
    internal string HostName => Host ?? Environment.MachineName;

    /// <summary>Its keys in the file.</summary>
    internal static ImmutableArray<SettingKey<GatewaySettings>> Keys { get; } =
    [
        SettingKeys<GatewaySettings>.Strings(
            "cluster.endpoints", "etcd's members. Without them this host belongs to no cluster.", "a list of URLs: \"https://etcd1.example.org:2379\"", 0, Endpoint,
            settings => settings.Cluster.Endpoints, (settings, value) => settings with { Cluster = settings.Cluster with { Endpoints = value } }),
        SettingKeys<GatewaySettings>.TextOrNull(
            "cluster.host", "The name under which this host is published; null: the machine's own.", "letters, digits, . - _", ClusterKeys.IsHost,
            settings => settings.Cluster.Host, (settings, value) => settings with { Cluster = settings.Cluster with { Host = value } }),
        SettingKeys<GatewaySettings>.TextOrNull(
            "cluster.prefix", "Before all keys in etcd; the same for all hosts.", "a path: \"/actorraid/v1/\"", text => ClusterKeys.PrefixProblem(text) is null,
            settings => settings.Cluster.Prefix, (settings, value) => settings with { Cluster = settings.Cluster with { Prefix = value ?? ClusterKeys.DefaultPrefix } }),
        SettingKeys<GatewaySettings>.TextOrNull(
            "cluster.user", "The user, where etcd's authentication is on.", "a user's name", text => text.Length is > 0 and <= 200 && !text.Any(char.IsControl),
            settings => settings.Cluster.User, (settings, value) => settings with { Cluster = settings.Cluster with { User = value } }),
        SettingKeys<GatewaySettings>.PathOrNull(
            "cluster.passwordFile", "A file with the user's password in its first line; only its owner may be able to read it.",
            settings => settings.Cluster.PasswordFile, (settings, value) => settings with { Cluster = settings.Cluster with { PasswordFile = value } }),
        SettingKeys<GatewaySettings>.PathOrNull(
            "cluster.authorities", "The authorities that etcd's certificates must come from, in PEM; null: the system's.",
            settings => settings.Cluster.Authorities, (settings, value) => settings with { Cluster = settings.Cluster with { Authorities = value } }),
        SettingKeys<GatewaySettings>.PathOrNull(
            "cluster.certificate", "The client certificate for etcd, in PEM.",
            settings => settings.Cluster.Certificate, (settings, value) => settings with { Cluster = settings.Cluster with { Certificate = value } }),
        SettingKeys<GatewaySettings>.PathOrNull(
            "cluster.certificateKey", "That certificate's private key, in PEM.",
            settings => settings.Cluster.CertificateKey, (settings, value) => settings with { Cluster = settings.Cluster with { CertificateKey = value } }),
        SettingKeys<GatewaySettings>.Number(
            "cluster.leaseSeconds", "After how long without a sign of life the others take this host for lost.", "seconds", 2, 600,
            settings => settings.Cluster.LeaseSeconds, (settings, value) => settings with { Cluster = settings.Cluster with { LeaseSeconds = value } }),
    ];

    /// <summary>What does not go together.</summary>
    internal IEnumerable<string> Conflicts()
    {
        if (Endpoints.IsEmpty)
            yield break;
        if (!ClusterKeys.IsHost(HostName))
            yield return $"this machine is called \"{Text.Line(HostName)}\", which cannot be a key: give cluster.host";
        if (User is null != PasswordFile is null)
            yield return "cluster.user and cluster.passwordFile go together: one of them is not given";
        if (Certificate is null != CertificateKey is null)
            yield return "cluster.certificate and cluster.certificateKey go together: one of them is not given";
        if (Endpoints.Select(endpoint => endpoint.Scheme).Distinct().Count() > 1)
            yield return "cluster.endpoints are all http or all https";
        if (User is not null && Endpoints.FirstOrDefault(endpoint => endpoint.Scheme == "http" && !endpoint.IsLoopback) is { } open)
            yield return $"cluster.endpoints has {open}: the password would go over the network in clear: give https";
    }

    /// <summary>How etcd is reached. Throws <see cref="EtcdException"/>, in words, when the password's file cannot be used.</summary>
    internal EtcdOptions Options() =>
        new(Endpoints, User, PasswordFile is null ? null : Password(PasswordFile), Authorities, Certificate, CertificateKey)
        {
            // The whole program has 96 MiB.
            AnswerLimit = 16 << 20,
        };

    private static string Password(string path)
    {
        try
        {
            if ((File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0)
                throw new EtcdException(EtcdFault.Authentication, $"{path}: everybody can read it: chmod o= {path}");
            using var reader = new StreamReader(path);
            return reader.ReadLine() is { Length: > 0 and <= LongestPassword } password
                ? password
                : throw new EtcdException(EtcdFault.Authentication, $"{path}: no password in its first line");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EtcdException(EtcdFault.Authentication, $"{path}: the password cannot be read: {e.Message}", e);
        }
    }

    private static Uri? Endpoint(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri!.PathAndQuery == "/" && uri.UserInfo.Length == 0 && uri.Host.Length > 0 ? uri : null;
}
