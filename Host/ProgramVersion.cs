namespace ActorRaid.Host;

/// <summary>This program's version, for people.</summary>
internal static class ProgramVersion
{
    /// <summary>0.1.0</summary>
    internal static readonly string Text = typeof(ProgramVersion).Assembly.GetName().Version?.ToString(3) ?? "unknown";
}
