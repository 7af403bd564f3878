using System.Collections.Immutable;
using ActorRaid.Actors;

namespace ActorRaid.Host.Status;

/// <summary>Since when something is what it is.</summary>
/// <param name="Name">What: <c>md126 health</c>, <c>sda is</c>; the first word is whose.</param>
/// <param name="Value">What it is.</param>
/// <param name="Since">Since when.</param>
internal sealed record SinceWhen(string Name, string Value, DateTimeOffset Since);

/// <summary>Since when things are what they are: for each of them what it was last, and since when.</summary>
/// <param name="Known">By name: <c>md126 health</c>, <c>sda is</c>.</param>
internal sealed record StatusMemory(ImmutableDictionary<string, (string Value, DateTimeOffset Since)> Known)
{
    /// <summary>Nothing was seen yet.</summary>
    internal static readonly StatusMemory Empty = new(ImmutableDictionary<string, (string, DateTimeOffset)>.Empty);

    /// <summary>Something is so that should be over in a moment (see <see cref="Remembering.Lasts"/>).</summary>
    internal bool IsPassing => Known.Values.Any(known => known.Value == Remembering.Yes);

    /// <summary>As it is handed over.</summary>
    internal ImmutableArray<SinceWhen> ToList() =>
        [.. Known.Select(known => new SinceWhen(known.Key, known.Value.Value, known.Value.Since))];

    /// <summary>
    /// With what another process knew: what is the same as it was then is so since then, and what was not met here is
    /// as it was.
    /// </summary>
    internal StatusMemory With(ImmutableArray<SinceWhen> handed)
    {
        var known = Known.ToBuilder();
        foreach (var (name, value, since) in handed)
        {
            if (!known.TryGetValue(name, out var ours) || ours.Value == value)
                known[name] = (value, since);
        }
        return new StatusMemory(known.ToImmutable());
    }
}

/// <summary>
/// Goes through one look at everything: what is the same as before keeps its time, what was not met is forgotten.
/// </summary>
/// <param name="before">What the look before has left.</param>
/// <param name="now">The time of this one.</param>
/// <param name="happened">What has happened in between, the oldest first.</param>
internal sealed class Remembering(StatusMemory before, DateTimeOffset now, IReadOnlyList<RaidEvent> happened)
{
    /// <summary>What should be over in a moment is so.</summary>
    internal const string Yes = "yes";

    private readonly ImmutableDictionary<string, (string Value, DateTimeOffset Since)>.Builder _known =
        ImmutableDictionary.CreateBuilder<string, (string Value, DateTimeOffset Since)>();

    /// <summary>What to remember for the next look.</summary>
    /// <param name="keepRest">Also what was not met this time.</param>
    internal StatusMemory Memory(bool keepRest) => new(keepRest ? before.Known.SetItems(_known) : _known.ToImmutable());

    /// <summary>Since when it has that value.</summary>
    internal DateTimeOffset Since(string name, string value) =>
        Note(name, value, Told(name[..name.IndexOf(' ')]) ?? now);

    /// <summary>For how long it has been so; zero where it is not.</summary>
    internal TimeSpan Lasts(string name, bool isSo) => now - Note(name, isSo ? Yes : "no", now) is var time && isSo
        ? time : TimeSpan.Zero;

    private DateTimeOffset Note(string name, string value, DateTimeOffset changed)
    {
        var since = before.Known.TryGetValue(name, out var known) && known.Value == value ? known.Since : changed;
        _known[name] = (value, since);
        return since;
    }

    /// <summary>When something was first told of whose it is; null: nothing was.</summary>
    private DateTimeOffset? Told(string whose) =>
        happened.FirstOrDefault(e => e.Array == whose || e.Disk == whose
            || (e.Container == whose && e.Array is null && e.Disk is null))?.Time;
}
