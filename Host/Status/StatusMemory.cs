using System.Collections.Immutable;

namespace ActorRaid.Host.Status;

/// <summary>Since when things are what they are: for each of them what it was last, and since when.</summary>
/// <param name="Known">By name: <c>md126 health</c>, <c>sda hangs</c>.</param>
internal sealed record StatusMemory(ImmutableDictionary<string, (string Value, DateTimeOffset Since)> Known)
{
    /// <summary>Nothing was seen yet.</summary>
    internal static readonly StatusMemory Empty = new(ImmutableDictionary<string, (string, DateTimeOffset)>.Empty);
}

/// <summary>Goes through one look at everything: what is the same as before keeps its time, what was not met is forgotten.</summary>
internal sealed class Remembering(StatusMemory before, DateTimeOffset now)
{
    private readonly ImmutableDictionary<string, (string Value, DateTimeOffset Since)>.Builder _known =
        ImmutableDictionary.CreateBuilder<string, (string Value, DateTimeOffset Since)>();

    /// <summary>What to remember for the next look.</summary>
    internal StatusMemory Memory => new(_known.ToImmutable());

    /// <summary>Since when it has that value.</summary>
    internal DateTimeOffset Since(string name, string value)
    {
        var since = before.Known.TryGetValue(name, out var known) && known.Value == value ? known.Since : now;
        _known[name] = (value, since);
        return since;
    }

    /// <summary>For how long it has been so; zero where it is not.</summary>
    internal TimeSpan Lasts(string name, bool isSo) => now - Since(name, isSo ? "yes" : "no") is var time && isSo ? time : TimeSpan.Zero;
}
