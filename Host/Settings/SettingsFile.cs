using ActorRaid.Reporting.Settings;

namespace ActorRaid.Host.Settings;

/// <summary>The daemon's configuration file.</summary>
internal static class SettingsFile
{
    /// <summary>Set to use another file than /etc/actorraid.json.</summary>
    internal const string Variable = "ACTORRAID_CONFIG";

    // The defaults depend on the environment.
    private static SettingsFile<DaemonSettings> File => new(SettingKey.All, DaemonSettings.Default);

    /// <summary>The file of this system, or the one that the environment names.</summary>
    internal static string PathFromEnvironment() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : "/etc/actorraid.json";

    /// <summary>Reads the file. One that is not there says nothing.</summary>
    internal static SettingsRead<DaemonSettings> Read(string path) => File.Read(path);

    /// <summary>Reads a file's bytes.</summary>
    internal static SettingsRead<DaemonSettings> Parse(string path, ReadOnlySpan<byte> bytes) => File.Parse(path, bytes);
}
