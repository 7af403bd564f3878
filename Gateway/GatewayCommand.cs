using System.Collections.Immutable;
using System.Reflection;
using ActorRaid.Cluster.Etcd;
using ActorRaid.Gateway.Settings;
using ActorRaid.Gateway.Web;

namespace ActorRaid.Gateway;

/// <summary><c>actorraid gateway</c>.</summary>
internal static class GatewayCommand
{
    /// <summary>The program's version.</summary>
    internal static string Version { get; } =
        typeof(GatewayCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    /// <summary>Serves until it is told to end: 0; 1: it could not begin, and why was said.</summary>
    internal static async Task<int> Run(string file, TextWriter errors, CancellationToken cancel)
    {
        var (settings, credentials, problems) = Read(file);
        if (settings is null || problems.Length > 0)
        {
            Tell(problems, errors);
            return 1;
        }
        await using var server = GatewayServer.Build(settings, credentials);
        try
        {
            await server.StartAsync(cancel).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            errors.WriteLine($"actorraid-gateway: {e.Message}: another program may listen there; \"listen\" in {file} says where");
            return 1;
        }
        await server.WaitForShutdownAsync(cancel).ConfigureAwait(false);
        return 0;
    }

    /// <summary>Whether the configuration is in order, and what it names can be used: 0, or 1 with what is wrong.</summary>
    internal static int Check(string file, TextWriter output, TextWriter errors)
    {
        var (settings, credentials, problems) = Read(file);
        credentials?.Dispose();
        Tell(problems, errors);
        if (settings is null || problems.Length > 0)
            return 1;
        output.WriteLine($"{file}: in order; {(settings.Certificate is null ? "plain HTTP" : settings.ClientAuthorities is null ? "TLS" : "TLS with client certificates")} at {string.Join(", ", settings.Listen)}");
        return 0;
    }

    /// <summary>What a file may hold.</summary>
    internal static int Keys(TextWriter output)
    {
        foreach (var key in GatewaySettings.Keys)
        {
            output.WriteLine($"{key.Name}: {key.Allowed}; default {key.Json(new GatewaySettings())}");
            output.WriteLine($"    {key.Meaning}");
        }
        return 0;
    }

    // A file that is named and not there is a mistake; the system's own may be missing.
    private static (GatewaySettings? Settings, TlsCredentials? Credentials, ImmutableArray<string> Problems) Read(string file)
    {
        var read = GatewaySettings.File.Read(file);
        if (!read.Exists && file != GatewaySettings.DefaultPath)
            return (null, null, [$"{file}: there is no such file"]);
        if (read.Problems.Length > 0)
            return (null, null, read.Problems);
        if (read.Settings.Conflicts().Select(conflict => $"{file}: {conflict}").ToImmutableArray() is { Length: > 0 } conflicts)
            return (null, null, conflicts);
        try
        {
            if (!read.Settings.Cluster.Endpoints.IsEmpty)
                new EtcdClient(read.Settings.Cluster.Options()).Dispose();
            return (read.Settings, TlsCredentials.Load(read.Settings), []);
        }
        catch (Exception e) when (e is InvalidDataException or EtcdException)
        {
            return (null, null, [$"{file}: {e.Message}"]);
        }
    }

    private static void Tell(ImmutableArray<string> problems, TextWriter errors)
    {
        foreach (var problem in problems)
            errors.WriteLine($"actorraid-gateway: {problem}");
    }
}
