using System.Collections.Immutable;

namespace ActorRaid.Reporting;

/// <summary>Which events are wanted.</summary>
/// <param name="Level">Those of this level and above: its place in <see cref="Levels"/>.</param>
/// <param name="About">Only those of this container, array or disk, by the kernel's name (md127, md126, sda); null: of all.</param>
public sealed record EventFilter(int Level, string? About = null)
{
    /// <summary>The levels, from the least.</summary>
    public static readonly ImmutableArray<string> Levels = ["debug", "info", "warning", "error"];

    /// <summary>Everything.</summary>
    public static readonly EventFilter All = new(0);

    /// <summary>The level of that name and above; null: there is no such level.</summary>
    public static int? LevelOf(string name) => Levels.IndexOf(name) is >= 0 and var level ? level : null;

    /// <summary>Whether it is about what is wanted.</summary>
    public bool Concerns(string? container, string? array, string? disk) => About is null || About == container || About == array || About == disk;

    /// <summary>Whether an event is wanted.</summary>
    public bool Wants(EventStatus e) => (LevelOf(e.Level) ?? Levels.Length) >= Level && Concerns(e.Container, e.Array, e.Disk);
}
