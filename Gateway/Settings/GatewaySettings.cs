using System.Collections.Immutable;
using ActorRaid.Gateway.Cluster;
using ActorRaid.Reporting;
using ActorRaid.Reporting.Settings;

namespace ActorRaid.Gateway.Settings;

/// <summary>What an admin may want otherwise. <see cref="Keys"/> says what each means and allows.</summary>
internal sealed record GatewaySettings
{
    /// <summary>The file of this system.</summary>
    internal const string DefaultPath = "/etc/actorraid-gateway.json";

    /// <summary>The daemon's control socket.</summary>
    internal string ControlSocket { get; init; } = ControlClient.DefaultPath;

    /// <summary>Where it listens.</summary>
    internal ImmutableArray<ListenAddress> Listen { get; init; } = [new(System.Net.IPAddress.Loopback, 9747)];

    /// <summary>The server's certificate and what leads to its root, PEM; null: plain HTTP.</summary>
    internal string? Certificate { get; init; }

    /// <summary>The certificate's key, PEM.</summary>
    internal string? CertificateKey { get; init; }

    /// <summary>The authorities whose client certificates are let in, PEM; null: no certificate is asked for.</summary>
    internal string? ClientAuthorities { get; init; }

    /// <summary>Whether plain HTTP is served beyond this machine.</summary>
    internal bool PlainHttp { get; init; }

    /// <summary>The names by which it may be called, beside addresses, localhost and the machine's own name.</summary>
    internal ImmutableArray<string> HostNames { get; init; } = [];

    /// <summary>The origins whose pages may read the answers (CORS).</summary>
    internal ImmutableArray<string> Origins { get; init; } = [];

    /// <summary>How many requests a second one address may make, for long.</summary>
    internal int RequestsPerSecond { get; init; } = 20;

    /// <summary>How many connections there may be at once.</summary>
    internal int Connections { get; init; } = 1000;

    /// <summary>How many of them may be streams.</summary>
    internal int Streams { get; init; } = 200;

    /// <summary>How many seconds a connection may say nothing between requests.</summary>
    internal int IdleSeconds { get; init; } = 20;

    /// <summary>After how many seconds without the daemon its host's health counts as unknown.</summary>
    internal int UnknownAfterSeconds { get; init; } = 15;

    /// <summary>The cluster that it belongs to.</summary>
    internal ClusterSettings Cluster { get; init; } = new();

    /// <summary>All keys, in the order in which they are shown.</summary>
    internal static ImmutableArray<SettingKey<GatewaySettings>> Keys { get; } =
    [
        SettingKeys<GatewaySettings>.Strings(
            "listen", "Where it listens.", "a list of ADDRESS:PORT: \"127.0.0.1:9747\", \"[::1]:9747\", \"*:9747\"", 1, ListenAddress.Parse,
            settings => settings.Listen, (settings, value) => settings with { Listen = value }),
        SettingKeys<GatewaySettings>.PathOrNull(
            "certificate", "The server's certificate, and what leads to its root, in PEM; with it only TLS is served.",
            settings => settings.Certificate, (settings, value) => settings with { Certificate = value }),
        SettingKeys<GatewaySettings>.PathOrNull(
            "certificateKey", "The certificate's private key, in PEM.",
            settings => settings.CertificateKey, (settings, value) => settings with { CertificateKey = value }),
        SettingKeys<GatewaySettings>.PathOrNull(
            "clientAuthorities", "Authorities in PEM: only clients with a certificate of theirs are let in.",
            settings => settings.ClientAuthorities, (settings, value) => settings with { ClientAuthorities = value }),
        SettingKeys<GatewaySettings>.Switch(
            "plainHttp", "Whether it may listen beyond this machine without TLS.",
            settings => settings.PlainHttp, (settings, value) => settings with { PlainHttp = value }),
        SettingKeys<GatewaySettings>.Strings(
            "hostNames", "Names by which it may be called, beside addresses, localhost and the machine's own name.", "a list of host names", 0, HostName,
            settings => settings.HostNames, (settings, value) => settings with { HostNames = value }),
        SettingKeys<GatewaySettings>.Strings(
            "origins", "Origins whose pages may read the answers (CORS); none unless given.", "a list of origins: \"https://board.example.org\"", 0, Origin,
            settings => settings.Origins, (settings, value) => settings with { Origins = value }),
        SettingKeys<GatewaySettings>.Number(
            "requestsPerSecond", "How many requests a second one address may make; ten times as many at once.", "requests", 1, 10000,
            settings => settings.RequestsPerSecond, (settings, value) => settings with { RequestsPerSecond = value }),
        SettingKeys<GatewaySettings>.Number(
            "connections", "How many connections there may be at once.", "connections", 10, 10000,
            settings => settings.Connections, (settings, value) => settings with { Connections = value }),
        SettingKeys<GatewaySettings>.Number(
            "streams", "How many of them may be streams (/v1/stream).", "streams", 1, 10000,
            settings => settings.Streams, (settings, value) => settings with { Streams = value }),
        SettingKeys<GatewaySettings>.Number(
            "idleSeconds", "How long a connection may say nothing between requests, or before the first.", "seconds", 1, 300,
            settings => settings.IdleSeconds, (settings, value) => settings with { IdleSeconds = value }),
        SettingKeys<GatewaySettings>.Number(
            "unknownAfterSeconds", "After how long without an answer of the daemon the health is told as unknown.", "seconds", 1, 3600,
            settings => settings.UnknownAfterSeconds, (settings, value) => settings with { UnknownAfterSeconds = value }),
        SettingKeys<GatewaySettings>.Path(
            "controlSocket", "The daemon's control socket.",
            settings => settings.ControlSocket, (settings, value) => settings with { ControlSocket = value }),
        .. ClusterSettings.Keys,
    ];

    /// <summary>The file's reader.</summary>
    internal static SettingsFile<GatewaySettings> File { get; } = new(Keys, new GatewaySettings());

    /// <summary>What does not go together.</summary>
    internal IEnumerable<string> Conflicts()
    {
        if (Certificate is null != CertificateKey is null)
            yield return "certificate and certificateKey go together: one of them is not given";
        if (ClientAuthorities is not null && Certificate is null)
            yield return "clientAuthorities needs TLS: give certificate and certificateKey as well";
        if (Certificate is null && !PlainHttp && Listen.FirstOrDefault(address => !address.IsLoopback) is { } open)
            yield return $"listen has {open}, which others than this machine can reach, but there is no certificate: give certificate and certificateKey, or \"plainHttp\": true if that is wanted";
        if (Streams > Connections)
            yield return $"streams ({Streams}) are a part of connections ({Connections})";
        foreach (var conflict in Cluster.Conflicts())
            yield return conflict;
    }

    private static string? HostName(string text) => Uri.CheckHostName(text) == UriHostNameType.Dns ? text : null;

    private static string? Origin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri!.GetLeftPart(UriPartial.Authority) == text ? text : null;
}
